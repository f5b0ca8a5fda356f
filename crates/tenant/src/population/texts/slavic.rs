//! Polish, Czech, and Turkish beside them.
use super::Texts;

pub(super) const PL_PL: Texts = Texts {
    locale: "pl-pl",
    typed: &[
        "Podsumuj mi proszę, co się dzieje w temacie: {topic}",
        "napisz krótkiego maila do {name} w sprawie: {topic}",
        "Co się zmieniło w pliku {file} od zeszłego tygodnia?",
        "podaj {n} pomysłów na {topic}",
        "krócej i mniej formalnie",
        "Kto u nas zajmuje się tym: {topic}?",
        "zrób z tego tabelę",
        "co mówił wczoraj {name} na spotkaniu",
    ],
    labels: &["Podsumuj wątek", "Podsumuj ten dokument", "Podsumuj spotkanie", "Wyświetl listę elementów akcji", "Napisz odpowiedź"],
    summary: "Podsumuj ten dokument",
    topics: &["budżet", "przetarg", "przeprowadzka biura", "plan urlopów", "szkolenia", "umowa z dostawcą"],
    files: &["Budżet 2026", "Notatka ze spotkania", "Harmonogram"],
    sentences: &[
        "Oto, co udało mi się znaleźć w Twoich plikach i wiadomościach. Temat: {topic}.",
        "{name} prosi o decyzję do piątku i udostępnia plik {file}.",
        "Wartości wzrosły o {n} procent.",
        "Pozostało {n} otwartych zadań.",
        "Na spotkaniu ustalono, że temat wróci za dwa tygodnie.",
        "Sprawdź liczby przed wysłaniem.",
        "Czy przygotować wersję roboczą?",
    ],
    refusal: "Przepraszam, nie mogę w tym pomóc.",
};

pub(super) const CS_CZ: Texts = Texts {
    locale: "cs-cz",
    typed: &[
        "Můžeš mi shrnout, jak to vypadá: {topic}?",
        "napiš krátký e-mail pro {name}, téma {topic}",
        "Co se změnilo v souboru {file}?",
        "dej mi {n} návrhů na {topic}",
        "kratší, prosím",
        "Kdo u nás řeší {topic}?",
        "udělej z toho tabulku",
        "co říkal {name} na včerejší schůzce",
    ],
    labels: &["Shrnout vlákno", "Shrnout tento dokument", "Shrnout schůzku", "Vypsat úkoly", "Navrhnout odpověď"],
    summary: "Shrnout tento dokument",
    topics: &["rozpočet", "výběrové řízení", "stěhování kanceláře", "plán dovolených", "školení", "smlouva s dodavatelem"],
    files: &["Rozpočet 2026", "Zápis z porady", "Harmonogram prací"],
    sentences: &[
        "Tady je, co jsem našel ve vašich souborech a zprávách. Téma: {topic}.",
        "{name} žádá rozhodnutí do pátku a sdílí soubor {file}.",
        "Hodnoty vzrostly o {n} procent.",
        "Zbývá {n} otevřených úkolů.",
        "Na schůzce bylo dohodnuto, že se k tématu vrátíme.",
        "Před odesláním čísla zkontrolujte.",
        "Mám připravit koncept?",
    ],
    refusal: "Omlouvám se, s tím nemohu pomoci.",
};

pub(super) const TR_TR: Texts = Texts {
    locale: "tr-tr",
    typed: &[
        "{topic} konusunda son durumu özetler misin?",
        "{name} için {topic} hakkında kısa bir e-posta yaz",
        "{file} dosyasında geçen haftadan beri ne değişti?",
        "{topic} için {n} öneri ver",
        "daha kısa olsun",
        "Ekipte {topic} ile kim ilgileniyor?",
        "bunu tabloya dönüştür",
        "{name} dünkü toplantıda ne dedi",
    ],
    labels: &["Yazışmayı özetle", "Bu belgeyi özetle", "Toplantıyı özetle", "Eylem öğelerini listele", "Yanıt taslağı oluştur"],
    summary: "Bu belgeyi özetle",
    topics: &["bütçe", "ihale", "ofis taşınması", "izin planı", "eğitim", "müşteri memnuniyeti"],
    files: &["Bütçe 2026", "Toplantı tutanağı", "İş planı"],
    sentences: &[
        "{topic} hakkında dosya ve iletilerinizde bulduklarım şunlar.",
        "{name} cuma gününe kadar karar istiyor ve {file} dosyasını paylaştı.",
        "Rakamlar yüzde {n} arttı.",
        "Hâlâ {n} açık görev var.",
        "Toplantıda konunun iki hafta sonra yeniden ele alınmasına karar verildi.",
        "Göndermeden önce sayıları kontrol edin.",
        "Bir taslak hazırlamamı ister misiniz?",
    ],
    refusal: "Üzgünüm, bu konuda yardımcı olamıyorum.",
};
