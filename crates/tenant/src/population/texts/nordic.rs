//! Swedish, Danish, Norwegian, Finnish.
use super::Texts;

pub(super) const SV_SE: Texts = Texts {
    locale: "sv-se",
    typed: &[
        "Kan du sammanfatta läget kring {topic}?",
        "skriv ett kort mejl till {name} om {topic}",
        "Vad har ändrats i {file} sedan i måndags?",
        "ge mig {n} förslag för {topic}",
        "gör det kortare och vänligare",
        "Vem hos oss jobbar med {topic}?",
        "gör om det till en tabell",
        "vad sa {name} på mötet igår",
    ],
    labels: &["Sammanfatta tråden", "Sammanfatta det här dokumentet", "Sammanfatta mötet", "Lista åtgärder", "Skriv ett svar"],
    summary: "Sammanfatta det här dokumentet",
    topics: &["budgeten", "kontorsflytten", "upphandlingen", "semesterplaneringen", "kundundersökningen", "arbetsmiljön"],
    files: &["Budget 2026", "Protokoll ledningsgrupp", "Åtgärdslista"],
    sentences: &[
        "Så här ser det ut kring {topic} i dina filer och meddelanden.",
        "{name} vill ha ett beslut före fredag och har delat {file}.",
        "Kostnaderna har ökat med {n} procent.",
        "Det finns {n} öppna uppgifter.",
        "På mötet bestämdes att frågan tas upp igen om två veckor.",
        "Kontrollera siffrorna innan du skickar dem vidare.",
        "Ska jag skriva ett utkast?",
    ],
    refusal: "Tyvärr kan jag inte hjälpa till med det.",
};

pub(super) const DA_DK: Texts = Texts {
    locale: "da-dk",
    typed: &[
        "Kan du opsummere status på {topic}?",
        "skriv en kort mail til {name} om {topic}",
        "Hvad er ændret i {file} siden sidst?",
        "giv mig {n} forslag til {topic}",
        "gør det kortere, tak",
        "Hvem arbejder med {topic}?",
        "lav det om til en tabel",
        "hvad sagde {name} på mødet i går",
    ],
    labels: &["Opsummer tråd", "Opsummer dette dokument", "Opsummer mødet", "Vis handlingspunkter", "Skriv et svar"],
    summary: "Opsummer dette dokument",
    topics: &["budgettet", "flytningen", "udbuddet", "ferieplanen", "kundetilfredsheden", "arbejdsmiljøet"],
    files: &["Budget og økonomi", "Referat", "Handleplan"],
    sentences: &[
        "Her er, hvad jeg fandt om {topic} i dine filer og beskeder.",
        "{name} beder om en beslutning inden fredag og har delt {file}.",
        "Tallene er steget med {n} procent.",
        "Der er stadig {n} åbne opgaver.",
        "På mødet blev det aftalt at tage emnet op igen.",
        "Tjek venligst tallene, før du sender dem.",
        "Skal jeg lave et udkast?",
    ],
    refusal: "Det kan jeg desværre ikke hjælpe med.",
};

pub(super) const NB_NO: Texts = Texts {
    locale: "nb-no",
    typed: &[
        "Kan du oppsummere hvor vi står med {topic}?",
        "skriv en kort e-post til {name} om {topic}",
        "Hva er endret i {file} siden forrige uke?",
        "gi meg {n} ideer til {topic}",
        "litt kortere, takk",
        "Hvem jobber med {topic} hos oss?",
        "lag en tabell av dette",
        "hva sa {name} på møtet i går",
    ],
    labels: &["Oppsummer tråden", "Oppsummer dette dokumentet", "Oppsummer møtet", "Vis gjøremål", "Lag utkast til svar"],
    summary: "Oppsummer dette dokumentet",
    topics: &["budsjettet", "anbudet", "hjemmekontoret", "ferieavviklingen", "kundeportalen", "kvalitetsarbeidet"],
    files: &["Budsjett 2026", "Møtereferat", "Tiltaksliste"],
    sentences: &[
        "Dette fant jeg om {topic} i filene og meldingene dine.",
        "{name} ber om en avgjørelse før fredag og har delt {file}.",
        "Kostnadene har økt med {n} prosent.",
        "Det er fortsatt {n} åpne oppgaver.",
        "På møtet ble dere enige om å ta det opp igjen om to uker.",
        "Sjekk tallene før du sender dem.",
        "Skal jeg lage et utkast?",
    ],
    refusal: "Beklager, det kan jeg ikke hjelpe med.",
};

pub(super) const FI_FI: Texts = Texts {
    locale: "fi-fi",
    typed: &[
        "Voitko tiivistää, missä mennään: {topic}?",
        "kirjoita lyhyt viesti henkilölle {name}, aiheena {topic}",
        "Mitä tiedostossa {file} on muuttunut viime viikosta?",
        "anna {n} ehdotusta aiheesta {topic}",
        "lyhyemmin, kiitos",
        "Kuka meillä hoitaa asiaa {topic}?",
        "tee tästä taulukko",
        "mitä {name} sanoi eilisessä kokouksessa",
    ],
    labels: &["Tee yhteenveto ketjusta", "Tee yhteenveto tästä asiakirjasta", "Kokouksen yhteenveto", "Luettele toimenpiteet", "Luonnostele vastaus"],
    summary: "Tee yhteenveto tästä asiakirjasta",
    topics: &["talousarvio", "toimiston muutto", "kilpailutus", "lomasuunnitelma", "asiakaskysely", "tietoturva"],
    files: &["Talousarvio 2026", "Pöytäkirja", "Toimenpidelista"],
    sentences: &[
        "Löysin tiedostoistasi ja viesteistäsi seuraavaa aiheesta {topic}.",
        "{name} toivoo päätöstä perjantaihin mennessä ja jakoi tiedoston {file}.",
        "Luvut ovat nousseet {n} prosenttia.",
        "Avoinna on vielä {n} tehtävää.",
        "Kokouksessa sovittiin, että asiaan palataan kahden viikon päästä.",
        "Tarkista luvut ennen lähettämistä.",
        "Teenkö tästä luonnoksen?",
    ],
    refusal: "Valitettavasti en voi auttaa tässä.",
};
