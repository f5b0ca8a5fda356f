//! What people do in a labelled corpus. Each kind of thing that a rule of verdicts may meet comes here: what is typed
//! with natural variety, what is pressed, what happens by itself with the service's marks and without, noise, and what
//! nobody can tell.

use crate::draw::{Draw, hash};
use crate::population::day::{Day, Made, Requests, Session};
use crate::population::habits::Bent;
use crate::population::item::{App, Content, Item, Maker, Role, Shape};
use crate::population::texts::{ENGLISH, is_english};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, weekday};

/// What a session is about.
#[derive(Clone, Copy)]
pub(super) enum Occasion {
    Chat,
    Document,
    Sheet,
    Slides,
    OneShot,
    Cowork,
    Agent,
    Meeting,
    Button,
    MarkedSummary,
    Openings,
    Theming,
    Warmup,
    EmptyHanded,
    Suggestion,
    Admin,
    Orphan,
}

/// How often each comes, before a person's own habits.
pub(super) const OCCASIONS: [(Occasion, u32); 17] = [
    (Occasion::Chat, 34),
    (Occasion::Document, 8),
    (Occasion::Sheet, 5),
    (Occasion::Slides, 4),
    (Occasion::OneShot, 4),
    (Occasion::Cowork, 3),
    (Occasion::Agent, 2),
    (Occasion::Meeting, 6),
    (Occasion::Button, 9),
    (Occasion::MarkedSummary, 6),
    (Occasion::Openings, 4),
    (Occasion::Theming, 2),
    (Occasion::Warmup, 2),
    (Occasion::EmptyHanded, 1),
    (Occasion::Suggestion, 2),
    (Occasion::Admin, 1),
    (Occasion::Orphan, 2),
];

impl Occasion {
    /// What a person must do themselves for it.
    pub(super) fn needs(self) -> Bent {
        match self {
            Self::MarkedSummary
            | Self::Openings
            | Self::Theming
            | Self::Warmup
            | Self::EmptyHanded
            | Self::Suggestion => Bent::LooksOn,
            Self::Button => Bent::Presses,
            _ => Bent::Asks,
        }
    }
}

const CHATS: [(App, u32); 12] = [
    (App::BizChat, 58),
    (App::WebChat, 12),
    (App::Teams, 10),
    (App::PrivateChat, 4),
    (App::Loop, 3),
    (App::OneNote, 3),
    (App::Notebook, 3),
    (App::Search, 2),
    (App::SharePoint, 2),
    (App::Whiteboard, 1),
    (App::Planner, 1),
    (App::Nebula, 1),
];

/// How a conversation runs.
#[derive(Clone, Copy)]
struct Manner {
    /// The generator of what is asked freely.
    asks: &'static str,
    /// How often, in a thousand turns, a ready-made prompt begins it: one from Microsoft's lists, one from no list.
    ready: [u32; 2],
    /// How likely each turn is the last.
    stop: f64,
    pause_ms: (i64, i64),
}

impl Day {
    /// Appends the items of one session that is about this.
    pub(super) fn take(&self, occasion: Occasion, draw: &mut Draw, items: &mut Vec<Item>) {
        let at_ms = self.moment(draw);
        match occasion {
            Occasion::Chat => {
                let app = CHATS[draw.weighted(&CHATS.map(|(_, weight)| weight))].0;
                let mut session = self.session(app, draw);
                if matches!(app, App::BizChat | App::Teams) && draw.chance(0.2) {
                    session.id = self.thread(draw);
                }
                if draw.chance(0.2) {
                    session.place = self.file(draw);
                }
                self.talk(session, at_ms, CHATTING, draw, items);
            }
            Occasion::Document => {
                let app = [App::Word, App::Outlook, App::OneNote][draw.weighted(&[5, 4, 1])];
                let session = self.at_file(app, Requests::Shared, draw);
                self.talk(session, at_ms, WORKING, draw, items);
            }
            Occasion::Sheet => {
                let session = self.at_file(App::Excel, Requests::Unstable, draw);
                self.talk(session, at_ms, WORKING, draw, items);
            }
            Occasion::Slides => {
                let session = self.at_file(App::PowerPoint, self.slides_requests(), draw);
                self.talk(session, at_ms, WORKING, draw, items);
            }
            Occasion::OneShot => {
                let app = [App::Word, App::Excel, App::PowerPoint][draw.weighted(&[5, 3, 2])];
                let session = Session {
                    id: 0,
                    ..self.at_file(app, Requests::Shared, draw)
                };
                let said = self.asks("one_shot", draw);
                self.say(session, at_ms, said, draw, items);
            }
            Occasion::Cowork => {
                let said = (Content::Request, (Maker::Typed, "cowork"));
                self.cowork(at_ms, said, draw, items);
            }
            Occasion::Agent => {
                const AGENTS: [App; 4] =
                    [App::Connected, App::Studio, App::ThirdParty, App::Security];
                let session = self.session(AGENTS[draw.below(4) as usize], draw);
                let manner = Manner {
                    ready: [0, 0],
                    ..CHATTING
                };
                self.talk(session, at_ms, manner, draw, items);
            }
            Occasion::Meeting => {
                let (session, at_ms) = self.in_meeting(at_ms, draw);
                self.talk(session, at_ms, MEETING, draw, items);
            }
            Occasion::Button => {
                const APPS: [App; 5] = [
                    App::Outlook,
                    App::Word,
                    App::Teams,
                    App::Excel,
                    App::PowerPoint,
                ];
                let app = APPS[draw.weighted(&[4, 3, 2, 2, 2])];
                let requests = match app {
                    App::Excel => Requests::Unstable,
                    App::PowerPoint => self.slides_requests(),
                    _ => Requests::Shared,
                };
                let session = self.at_file(app, requests, draw);
                let said = if draw.chance(0.5) {
                    (Content::Listed, (Maker::Clicked, "listed_button"))
                } else {
                    (Content::Unlisted, (Maker::Clicked, "unlisted_button"))
                };
                self.say(session, at_ms, said, draw, items);
            }
            Occasion::MarkedSummary => self.word_opens(at_ms, draw, items),
            Occasion::Openings => self.openings(at_ms, draw, items),
            Occasion::Theming => self.theming(at_ms, draw, items),
            Occasion::Warmup => self.warmup(at_ms, draw, items),
            Occasion::EmptyHanded => {
                let session = self.session(App::BizChat, draw);
                let content = if draw.chance(0.6) {
                    Content::Searching
                } else {
                    Content::Empty
                };
                let row = self.response(content, Shape::Text);
                let made = (Maker::Noise, "empty_handed");
                self.lone(session, at_ms, row, made, draw, items);
            }
            Occasion::Suggestion => self.suggestion(at_ms, draw, items),
            Occasion::Admin => self.admin_task(at_ms, draw, items),
            Occasion::Orphan => {
                let app = [App::BizChat, App::Teams, App::Word][draw.weighted(&[5, 3, 2])];
                let session = self.session(app, draw);
                let row = self.response(Content::Answer, Shape::Html);
                // Its prompt fell to a retention policy, or was another person's in the same meeting.
                let made = (Maker::Unknown, "orphan_answer");
                self.lone(session, at_ms, row, made, draw, items);
            }
        }
    }

    /// What is fixed for this day before anything else comes up: a prompt that runs on its own every working day, and
    /// a course whose handout everyone copies from.
    pub(super) fn appointments(&self, draw: &mut Draw, items: &mut Vec<Item>) {
        if self.bent != Bent::Asks || weekday(self.day) > 4 {
            return;
        }
        let midnight_ms = self.day * DAY_MS - i64::from(self.offset_min) * MINUTE_MS;
        let key = hash(&[self.seed, u64::from(self.user), 0x5c4ed]);
        if key % 100 < 6 {
            let minute = 6 * 60 + 5 * (key >> 32) as i64 % 180;
            let at_ms = midnight_ms + minute * MINUTE_MS + draw.between(0, 1_500);
            if (self.within.0..=self.within.1).contains(&at_ms) {
                self.scheduled(key, at_ms, draw, items);
            }
        }
        let week = (self.day + 3).div_euclid(7);
        let course = hash(&[
            self.seed,
            u64::from(self.language),
            week as u64,
            self.corpus as u64,
            0xc0, // a course is for all who speak the language
        ]);
        if course % 100 < 8 && weekday(self.day) == 1 + (course >> 32) as i64 % 3 {
            let at_ms = midnight_ms + 10 * HOUR_MS + draw.between(0, 40 * MINUTE_MS);
            if draw.chance(0.5) && (self.within.0..=self.within.1).contains(&at_ms) {
                let session = self.session(App::BizChat, draw);
                let said = (Content::Handout, (Maker::Typed, "handout"));
                let begin = items.len();
                self.exchange(session, at_ms, said.0, said.1, draw, items);
                for item in &mut items[begin..] {
                    if item.role == Role::Prompt {
                        item.words = course;
                    }
                }
            }
        }
    }

    fn scheduled(&self, key: u64, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            id: key | 1,
            ..self.session(App::BizChat, draw)
        };
        let begin = items.len();
        let rows = (
            Some(self.prompt(Content::Recurring, Shape::Text)),
            self.response(Content::Answer, Shape::Card),
        );
        let made = (Maker::Automatic, "scheduled_prompt");
        let wait_ms = draw.between(3_000, 9_000);
        self.of_itself(session, at_ms, rows, wait_ms, made, draw, items);
        // The same words every day.
        items[begin].words = key;
    }

    fn at_file(&self, app: App, requests: Requests, draw: &mut Draw) -> Session {
        Session {
            place: self.file(draw),
            requests,
            ..self.session(app, draw)
        }
    }

    /// A person's version of PowerPoint writes new request ids for each row, or none.
    fn slides_requests(&self) -> Requests {
        if hash(&[self.seed, u64::from(self.user), 0x511de]).is_multiple_of(2) {
            Requests::Unstable
        } else {
            Requests::None
        }
    }

    /// Turn after turn in one session.
    fn talk(
        &self,
        session: Session,
        at_ms: i64,
        manner: Manner,
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let mut at_ms = at_ms;
        let mut said = self.begins(session, manner, draw);
        loop {
            at_ms = self.say(session, at_ms, said, draw, items);
            if draw.chance(manner.stop) {
                return;
            }
            at_ms += draw.between(manner.pause_ms.0, manner.pause_ms.1);
            said = self.goes_on(manner, draw);
        }
    }

    fn begins(&self, session: Session, manner: Manner, draw: &mut Draw) -> (Content, Made) {
        let (listed, unlisted) = if session.meeting {
            ("listed_meeting_prompt", "unlisted_meeting_prompt")
        } else {
            ("listed_suggestion", "unlisted_suggestion")
        };
        let [known, unknown] = manner.ready;
        match draw.weighted(&[known, unknown, 30, 1_000 - known - unknown - 30]) {
            0 => (Content::Listed, (Maker::Clicked, listed)),
            1 => (Content::Unlisted, (Maker::Clicked, unlisted)),
            2 if !session.meeting => (Content::Courtesy, (Maker::Typed, "courtesy")),
            _ => self.asks(manner.asks, draw),
        }
    }

    fn goes_on(&self, manner: Manner, draw: &mut Draw) -> (Content, Made) {
        match draw.weighted(&[430, 60, 30, 10, 470]) {
            0 => (Content::FollowUp, (Maker::Typed, "follow_up")),
            1 => (Content::Courtesy, (Maker::Typed, "courtesy")),
            2 if manner.ready[0] > 0 => (Content::Listed, (Maker::Clicked, "listed_suggestion")),
            // Offered under an answer and written for it alone: nothing tells it from what a person types.
            3 if manner.ready[0] > 0 => (Content::Drawn, (Maker::Clicked, "drawn_suggestion")),
            _ => self.asks(manner.asks, draw),
        }
    }

    /// Something that a person thought of.
    fn asks(&self, generator: &'static str, draw: &mut Draw) -> (Content, Made) {
        match draw.weighted(&[800, 90, 95, 10, 5]) {
            0 => (Content::Request, (Maker::Typed, generator)),
            1 => (Content::Around, (Maker::Typed, "words_of_a_button")),
            2 => (Content::Pasted, (Maker::Typed, "pasted")),
            3 => (Content::Strange, (Maker::Typed, "strange_prompt")),
            // Somebody really writes what a button says: nothing tells it from the button.
            _ => (Content::Echo, (Maker::Typed, "typed_label")),
        }
    }

    /// One exchange, with what may go along: another language, a double click, an answer that comes twice. Gives the
    /// time of the last row.
    fn say(
        &self,
        session: Session,
        at_ms: i64,
        (content, made): (Content, Made),
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) -> i64 {
        let begin = items.len();
        let at_ms = self.exchange(session, at_ms, content, made, draw, items);
        if made.0 == Maker::Typed && !is_english(self.language) && draw.chance(0.07) {
            let english = ENGLISH[(self.user % 2) as usize];
            for item in &mut items[begin..] {
                item.language = english;
            }
        }
        if draw.chance(0.02) {
            self.repeat(begin, draw, items);
        }
        if draw.chance(0.012) {
            self.double_send(items[begin], draw, items);
        }
        at_ms
    }

    /// A prompt sent twice by one impatient hand: only the first is answered.
    fn double_send(&self, prompt: Item, draw: &mut Draw, items: &mut Vec<Item>) {
        let at_ms = prompt.created_ms + draw.between(300, 3_500);
        items.push(Item {
            created_ms: at_ms,
            id_ms: at_ms,
            request: if prompt.request == 0 {
                0
            } else {
                draw.next() | 1
            },
            exchange: draw.next(),
            salt: draw.next(),
            maker: Maker::Noise,
            generator: "double_send",
            ..prompt
        });
    }

    /// Documents are opened one after another, and each is summarized at once: nobody asked, no mark says so. What
    /// shows it is the machine's even distance to the answer, the file's name in a fixed sentence, and that so many
    /// people "ask" the same.
    fn openings(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let app = [App::Word, App::PowerPoint, App::SharePoint][draw.weighted(&[6, 3, 1])];
        let requests = match app {
            App::PowerPoint => self.slides_requests(),
            _ => Requests::Shared,
        };
        let made = (Maker::Automatic, "opening");
        let mut at_ms = at_ms;
        for _ in 0..=draw.weighted(&[5, 3, 2, 1]) {
            let session = self.at_file(app, requests, draw);
            let rows = || {
                (
                    Some(self.prompt(Content::Opening, Shape::Text)),
                    self.response(Content::Answer, Shape::Text),
                )
            };
            let wait_ms = 1_150 + draw.between(-40, 60);
            self.of_itself(session, at_ms, rows(), wait_ms, made, draw, items);
            if draw.chance(0.25) {
                // A second prompt of the same moment: questions to offer.
                let wait_ms = 1_150 + draw.between(-40, 60);
                let later_ms = at_ms + draw.between(20, 60);
                self.of_itself(session, later_ms, rows(), wait_ms, made, draw, items);
            }
            at_ms += draw.between(900, 7_000);
        }
    }
}

const CHATTING: Manner = Manner {
    asks: "request",
    ready: [90, 80],
    stop: 0.42,
    pause_ms: (8_000, 240_000),
};

const WORKING: Manner = Manner {
    asks: "work_on_file",
    ready: [40, 40],
    stop: 0.55,
    pause_ms: (10_000, 300_000),
};

const MEETING: Manner = Manner {
    asks: "meeting_question",
    ready: [350, 200],
    stop: 0.6,
    pause_ms: (20_000, 600_000),
};
