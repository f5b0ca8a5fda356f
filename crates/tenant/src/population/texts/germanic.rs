//! German and Dutch.
use super::Texts;

pub(super) const DE_DE: Texts = Texts {
    locale: "de-de",
    typed: &[
        "Fasse mir bitte den Stand zu {topic} zusammen",
        "schreib eine freundliche Mail an {name} wegen {topic}",
        "Was hat sich in {file} seit letzter Woche geändert?",
        "Nenne mir {n} Argumente für {topic}",
        "kürzer bitte, und ohne Fachbegriffe",
        "Welche Termine habe ich nächste Woche zu {topic}?",
        "Erstelle eine Tabelle mit Aufgabe, Zuständigem und Frist",
        "was meinte {name} gestern mit der Rückfrage zu {topic}",
    ],
    labels: &["Thread zusammenfassen", "Dieses Dokument zusammenfassen", "Besprechung zusammenfassen", "Aktionselemente auflisten", "Antwort entwerfen"],
    summary: "Dieses Dokument zusammenfassen",
    topics: &["die Budgetplanung", "das Kundenportal", "die Betriebsvereinbarung", "den Umzug nach Köln", "die Lieferkette", "das Audit", "die Reisekosten"],
    files: &["Haushaltsplan 2026", "Protokoll Jour fixe", "Angebot Müller & Söhne", "Maßnahmenliste"],
    sentences: &[
        "Ich habe in Ihren Dateien und Nachrichten Folgendes über {topic} gefunden.",
        "{name} bittet bis Freitag um eine Entscheidung und verweist auf {file}.",
        "Die Werte liegen {n} Prozent über dem Vorjahr.",
        "Es sind noch {n} Aufgaben offen, keine davon ist überfällig.",
        "Im letzten Termin wurde vereinbart, das Thema erneut zu prüfen.",
        "Bitte überprüfen Sie die Zahlen, bevor Sie sie weitergeben.",
        "Soll ich daraus einen Entwurf erstellen?",
    ],
    refusal: "Es tut mir leid, dabei kann ich nicht helfen. Lassen Sie uns das Thema wechseln.",
};

pub(super) const NL_NL: Texts = Texts {
    locale: "nl-nl",
    typed: &[
        "Kun je samenvatten wat er speelt rond {topic}?",
        "schrijf een korte mail aan {name} over {topic}",
        "Wat staat er in {file} over de planning?",
        "geef me {n} ideeën voor {topic}",
        "maak het wat informeler",
        "Wie werkt er bij ons aan {topic}?",
        "zet dit om in een tabel",
        "wat heb ik gemist in het overleg met {name}",
    ],
    labels: &["Thread samenvatten", "Dit document samenvatten", "Vergadering samenvatten", "Actiepunten weergeven", "Antwoord opstellen"],
    summary: "Dit document samenvatten",
    topics: &["de begroting", "het nieuwe kantoor", "de aanbesteding", "het verzuimbeleid", "de klantenservice", "de verbouwing"],
    files: &["Begroting 2026", "Notulen MT", "Plan van aanpak"],
    sentences: &[
        "Dit is wat ik over {topic} heb gevonden in je bestanden en berichten.",
        "{name} vraagt om een besluit en verwijst naar {file}.",
        "De kosten zijn {n} procent hoger dan vorig jaar.",
        "Er staan nog {n} acties open.",
        "In het laatste overleg is afgesproken hier later op terug te komen.",
        "Controleer de cijfers voordat je ze deelt.",
        "Zal ik hier een concept van maken?",
    ],
    refusal: "Sorry, daar kan ik niet bij helpen.",
};
