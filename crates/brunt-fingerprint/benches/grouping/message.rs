//! Messages of errors: a sentence of the program in one of several languages, and what differs each time.

use crate::random::Random;

/// Sentences in English, German and French; `{}` stands for what differs.
const SENTENCES: [[&str; 3]; 14] = [
    [
        "order {} has no open position",
        "Bestellung {} hat keine offene Position",
        "la commande {} n'a plus de position",
    ],
    [
        "no price for item {} in region {}",
        "kein Preis für Artikel {} in Region {}",
        "aucun prix pour l'article {} dans la région {}",
    ],
    [
        "customer {} may not use coupon {}",
        "Kunde {} darf Gutschein {} nicht nutzen",
        "le client {} ne peut pas utiliser le bon {}",
    ],
    [
        "warehouse answered after {} with nothing",
        "Lager antwortete nach {} mit nichts",
        "l'entrepôt a répondu après {} sans rien",
    ],
    ["cannot connect to {}", "keine Verbindung zu {}", "connexion impossible à {}"],
    ["file {} is not readable", "Datei {} ist nicht lesbar", "le fichier {} est illisible"],
    ["token of {} has ended", "Token von {} ist abgelaufen", "le jeton de {} a expiré"],
    [
        "row {} was changed by somebody else",
        "Zeile {} wurde von anderen geändert",
        "la ligne {} a été modifiée",
    ],
    [
        "expected {} entries and found {}",
        "erwartet {} Einträge und fand {}",
        "{} entrées attendues et {} trouvées",
    ],
    [
        "ledger of account {} is closed",
        "Buch des Kontos {} ist zu",
        "le livre du compte {} est fermé",
    ],
    [
        "image {} is too large by {}",
        "Bild {} ist um {} zu groß",
        "l'image {} est trop grande de {}",
    ],
    [
        "lease {} was lost to worker {}",
        "Sperre {} ging an Arbeiter {}",
        "le bail {} est passé au travailleur {}",
    ],
    [
        "invoice {} was sent before",
        "Rechnung {} wurde schon verschickt",
        "la facture {} a déjà été envoyée",
    ],
    ["session {} ended at {}", "Sitzung {} endete um {}", "la session {} s'est terminée à {}"],
];

/// Sentences with a code that means the same in every language.
const CODED: [[&str; 3]; 4] = [
    [
        "ORA-00942: table {} does not exist",
        "ORA-00942: Tabelle {} existiert nicht",
        "ORA-00942: la table {} n'existe pas",
    ],
    [
        "SQLSTATE[42S02]: no such table {}",
        "SQLSTATE[42S02]: keine Tabelle {}",
        "SQLSTATE[42S02]: table {} introuvable",
    ],
    [
        "EACCES: may not open {}",
        "EACCES: darf {} nicht öffnen",
        "EACCES: ouverture de {} interdite",
    ],
    [
        "access was denied for {} (0x80070005)",
        "Zugriff auf {} verweigert (0x80070005)",
        "accès à {} refusé (0x80070005)",
    ],
];
/// Sentences with a status, which names a class of faults.
const STATUS: [[&str; 3]; 1] = [[
    "request to {} failed with status code 503",
    "Anfrage an {} scheiterte mit Statuscode 503",
    "la requête vers {} a échoué avec le code 503",
]];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    sentences: &'static [[&'static str; 3]],
    sentence: usize,
    language: usize,
    /// What the parameters are made from.
    pub(crate) seed: u64,
}

impl Message {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self::of(&SENTENCES, random)
    }

    /// A sentence with a stable code.
    pub(crate) fn coded(random: &mut Random) -> Self {
        Self::of(&CODED, random)
    }

    /// A sentence with a status.
    pub(crate) fn with_status(random: &mut Random) -> Self {
        Self::of(&STATUS, random)
    }

    fn of(sentences: &'static [[&'static str; 3]], random: &mut Random) -> Self {
        let sentence = random.below(sentences.len());
        Self { sentences, sentence, language: 0, seed: random.bits() }
    }

    /// The same sentence about something else.
    pub(crate) fn about_another(self, random: &mut Random) -> Self {
        Self { seed: random.bits(), ..self }
    }

    /// Another sentence of its kind.
    pub(crate) fn other(self, random: &mut Random) -> Self {
        let step = 1 + random.below(self.sentences.len() - 1);
        Self { sentence: (self.sentence + step) % self.sentences.len(), ..self }
    }

    /// The same in another language.
    pub(crate) fn translated(self, random: &mut Random) -> Self {
        Self { language: 1 + random.below(2), ..self }
    }

    pub(crate) fn text(self) -> String {
        let mut random = Random::new(self.seed);
        let mut out = String::new();
        for (idx, part) in self.sentences[self.sentence][self.language].split("{}").enumerate() {
            if idx > 0 {
                out += &parameter(&mut random);
            }
            out += part;
        }
        out
    }
}

/// Something that one happening has and the next has not.
fn parameter(random: &mut Random) -> String {
    let (a, b) = (random.bits(), random.number(90_000));
    match random.below(11) {
        0 => b.to_string(),
        1 => format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            b & 0xffff,
            a & 0xfff,
            b & 0xfff,
            a & 0xffff_ffff_ffff
        ),
        2 => format!("0x{:012x}", a & 0xffff_ffff_ffff),
        3 => format!("user{b}@mail{}.example.com", b % 7),
        4 => format!("10.{}.{}.{}:{}", b % 256, a % 256, (a >> 8) % 256, 1024 + b % 50_000),
        5 => format!("\"{} {b}\"", random.pick(&["Jane", "Ali", "Chen", "Olga"])),
        6 => format!("{b}ms"),
        7 => format!("/var/lib/shop/{b}/part-{}.db", a % 100),
        8 => format!(
            "2026-0{}-1{}T0{}:1{}:2{}.{:03}Z",
            1 + b % 9,
            a % 10,
            b % 10,
            a % 10,
            b % 10,
            a % 1000
        ),
        9 => format!("ord_{:010x}", a & 0xff_ffff_ffff | 0x10_0000_0000),
        _ => format!("https://api{}.example.com/v1/things/{b}?page={}", a % 10, a % 100),
    }
}
