//! What people do in a session, and what happens beside it without anybody asking.

use crate::draw::{Draw, hash};
use crate::population::day::{Day, Made, Requests, Session};
use crate::population::habits::Bent;
use crate::population::item::{App, Content, Item, Maker, Shape};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What a session is about.
#[derive(Clone, Copy)]
pub(super) enum Activity {
    Chat,
    WebChat,
    PrivateChat,
    TeamsChat,
    Meeting,
    WordDraft,
    OneShot,
    WordOpens,
    Excel,
    PowerPoint,
    OutlookButton,
    OutlookDraft,
    OutlookTheming,
    Loop,
    Cowork,
    OtherApp,
    Warmup,
    Suggestion,
    Admin,
    Agent,
    Unheard,
}

impl Activity {
    /// What a person must do themselves for it.
    pub(super) fn needs(self) -> Bent {
        match self {
            Self::WordOpens | Self::OutlookTheming | Self::Warmup | Self::Suggestion => {
                Bent::LooksOn
            }
            Self::OutlookButton => Bent::Presses,
            _ => Bent::Asks,
        }
    }
}

/// How often each comes, before a person's own habits.
pub(super) const ACTIVITIES: [(Activity, u32); 21] = [
    (Activity::Chat, 34),
    (Activity::WebChat, 5),
    (Activity::PrivateChat, 2),
    (Activity::TeamsChat, 6),
    (Activity::Meeting, 6),
    (Activity::WordDraft, 6),
    (Activity::OneShot, 4),
    (Activity::WordOpens, 10),
    (Activity::Excel, 5),
    (Activity::PowerPoint, 3),
    (Activity::OutlookButton, 7),
    (Activity::OutlookDraft, 4),
    (Activity::OutlookTheming, 3),
    (Activity::Loop, 2),
    (Activity::Cowork, 2),
    (Activity::OtherApp, 4),
    (Activity::Warmup, 2),
    (Activity::Suggestion, 2),
    (Activity::Admin, 1),
    (Activity::Agent, 1),
    (Activity::Unheard, 1),
];

/// How likely each turn is the last, and how long a person takes between two.
#[derive(Clone, Copy)]
struct Rhythm {
    stop: f64,
    pause_ms: (i64, i64),
}

impl Day {
    /// Appends the items of one session that is about this.
    pub(super) fn act(&self, activity: Activity, draw: &mut Draw, items: &mut Vec<Item>) {
        let at_ms = self.moment(draw);
        match activity {
            Activity::Chat => self.chat(App::BizChat, at_ms, draw, items),
            Activity::WebChat => self.chat(App::WebChat, at_ms, draw, items),
            Activity::PrivateChat => self.chat(App::PrivateChat, at_ms, draw, items),
            Activity::TeamsChat => self.chat(App::Teams, at_ms, draw, items),
            Activity::Loop => self.chat(App::Loop, at_ms, draw, items),
            Activity::Meeting => self.meeting(at_ms, draw, items),
            Activity::WordDraft => self.on_file(App::Word, at_ms, draw, items),
            Activity::PowerPoint => self.on_file(App::PowerPoint, at_ms, draw, items),
            Activity::Excel => self.excel(at_ms, draw, items),
            Activity::OneShot => self.one_shot(at_ms, draw, items),
            Activity::WordOpens => self.word_opens(at_ms, draw, items),
            Activity::OutlookButton => self.button(App::Outlook, at_ms, draw, items),
            Activity::OutlookDraft => self.on_file(App::Outlook, at_ms, draw, items),
            Activity::OutlookTheming => self.theming(at_ms, draw, items),
            Activity::Cowork => {
                let said = (Content::Typed, (Maker::Typed, "cowork"));
                self.cowork(at_ms, said, draw, items);
            }
            Activity::OtherApp => {
                const OTHERS: [App; 11] = [
                    App::Search,
                    App::Notebook,
                    App::OneNote,
                    App::Whiteboard,
                    App::Forms,
                    App::Planner,
                    App::SharePoint,
                    App::Stream,
                    App::Designer,
                    App::VivaEngage,
                    App::Fabric,
                ];
                self.chat(OTHERS[draw.below(11) as usize], at_ms, draw, items);
            }
            Activity::Warmup => self.warmup(at_ms, draw, items),
            Activity::Suggestion => self.suggestion(at_ms, draw, items),
            Activity::Admin => self.admin_task(at_ms, draw, items),
            Activity::Agent => {
                const AGENTS: [App; 4] =
                    [App::Connected, App::Studio, App::ThirdParty, App::Security];
                self.chat(AGENTS[draw.below(4) as usize], at_ms, draw, items);
            }
            Activity::Unheard => self.chat(App::Nebula, at_ms, draw, items),
        }
    }

    /// One to some turns of typed prompts, with the noise that comes along.
    fn chat(&self, app: App, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let mut session = self.session(app, draw);
        if matches!(app, App::BizChat | App::Teams) && draw.chance(0.2) {
            session.id = self.thread(draw);
        }
        if draw.chance(0.2) {
            session.place = self.file(draw);
        }
        let mut at_ms = at_ms;
        loop {
            let (content, made) = if draw.chance(0.12) {
                (Content::Label, (Maker::Clicked, "chat_suggestion"))
            } else if draw.chance(0.03) {
                (Content::Strange, (Maker::Typed, "strange_prompt"))
            } else {
                (Content::Typed, (Maker::Typed, "chat"))
            };
            let begin = items.len();
            at_ms = self.exchange(session, at_ms, content, made, draw, items);
            if draw.chance(0.02) {
                self.repeat(begin, draw, items);
            }
            if draw.chance(0.03) {
                // A second thing in the same millisecond: its id is used twice by one person.
                let mut twin = items[begin];
                twin.session = if draw.chance(0.5) { 0 } else { draw.next() | 1 };
                (twin.app, twin.shape, twin.place) = (App::Word, Shape::Text, 0);
                (twin.request, twin.exchange, twin.salt) =
                    (draw.next() | 1, draw.next(), draw.next());
                (twin.content, twin.maker, twin.generator) =
                    (Content::Typed, Maker::Typed, "one_shot");
                items.push(twin);
            }
            if draw.chance(0.45) {
                return;
            }
            at_ms += draw.between(8_000, 240_000);
        }
    }

    /// A thread that a person comes back to within the week.
    pub(super) fn thread(&self, draw: &mut Draw) -> u64 {
        let week = self.day.div_euclid(7) as u64;
        hash(&[self.seed, u64::from(self.user), week, draw.below(3)]) | 1
    }

    /// Typed work on one open file or mail.
    fn on_file(&self, app: App, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            ..self.session(app, draw)
        };
        let made = (Maker::Typed, "draft");
        let rhythm = Rhythm {
            stop: 0.6,
            pause_ms: (10_000, 300_000),
        };
        self.turns(session, at_ms, (Content::Typed, made), rhythm, draw, items);
    }

    /// People of one team in one meeting share its session, and the first row there its id.
    fn meeting(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let (session, at_ms) = self.in_meeting(at_ms, draw);
        let said = if draw.chance(0.5) {
            (Content::Label, (Maker::Clicked, "meeting_button"))
        } else {
            (Content::Typed, (Maker::Typed, "meeting"))
        };
        let rhythm = Rhythm {
            stop: 0.6,
            pause_ms: (20_000, 600_000),
        };
        self.turns(session, at_ms, said, rhythm, draw, items);
    }

    /// The session of a meeting, mostly one that the team shares, and when this person first asks there.
    pub(super) fn in_meeting(&self, at_ms: i64, draw: &mut Draw) -> (Session, i64) {
        let team = u64::from(self.user / 8);
        let slot = draw.below(2);
        let key = hash(&[self.seed, team, self.day as u64, slot, 0x3ee7]);
        let begin_ms = self.day * DAY_MS + 8 * HOUR_MS + (key % (8 * HOUR_MS as u64)) as i64;
        let shared = (self.within.0..=self.within.1 - 10 * MINUTE_MS).contains(&begin_ms);
        let session = Session {
            app: App::Teams,
            id: if shared { key | 1 } else { draw.next() | 1 },
            place: key | 1,
            meeting: true,
            requests: Requests::Shared,
        };
        (session, if shared { begin_ms } else { at_ms })
    }

    /// Exchanges of one kind in a session, one after another.
    fn turns(
        &self,
        session: Session,
        at_ms: i64,
        (content, made): (Content, Made),
        rhythm: Rhythm,
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let mut at_ms = at_ms;
        loop {
            at_ms = self.exchange(session, at_ms, content, made, draw, items);
            if draw.chance(rhythm.stop) {
                return;
            }
            at_ms += draw.between(rhythm.pause_ms.0, rhythm.pause_ms.1);
        }
    }

    /// A single rewrite in Word or Excel: no session.
    fn one_shot(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let app = if draw.chance(0.6) {
            App::Word
        } else {
            App::Excel
        };
        let session = Session {
            id: 0,
            place: self.file(draw),
            ..self.session(app, draw)
        };
        self.exchange(
            session,
            at_ms,
            Content::Typed,
            (Maker::Typed, "one_shot"),
            draw,
            items,
        );
    }

    /// Word summarizes a document as it opens. The mark stands in the prompt, in the response, or in both.
    pub(super) fn word_opens(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            ..self.session(App::Word, draw)
        };
        let session = if draw.chance(0.3) {
            Session { id: 0, ..session }
        } else {
            session
        };
        let with_prompt = draw.chance(0.6);
        let shape = if draw.chance(0.4) {
            Shape::NestedCard
        } else {
            Shape::Text
        };
        let rows = (
            with_prompt.then(|| self.prompt(Content::AutoSummary, Shape::Text)),
            self.response(Content::AutoAnswer, shape),
        );
        let begin = items.len();
        let wait_ms = draw.between(900, 2_500);
        let made = (Maker::Automatic, "word_summary");
        self.of_itself(session, at_ms, rows, wait_ms, made, draw, items);
        if !with_prompt {
            // See `compose`: the remainder by 3 says which of the two carries the mark.
            items[begin].exchange = items[begin].exchange / 3 * 3 + 1;
        }
    }

    fn excel(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            requests: Requests::Unstable,
            ..self.session(App::Excel, draw)
        };
        let made = (Maker::Typed, "excel");
        let rhythm = Rhythm {
            stop: 0.5,
            pause_ms: (10_000, 200_000),
        };
        self.turns(session, at_ms, (Content::Typed, made), rhythm, draw, items);
    }

    fn button(&self, app: App, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            ..self.session(app, draw)
        };
        self.exchange(
            session,
            at_ms,
            Content::Label,
            (Maker::Clicked, "button"),
            draw,
            items,
        );
    }

    pub(super) fn theming(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = self.session(App::Outlook, draw);
        let shape = if draw.chance(0.5) {
            Shape::InlineImage
        } else {
            Shape::NestedCard
        };
        let rows = (
            Some(self.prompt(Content::VisualTheming, Shape::Text)),
            self.response(Content::VisualTheming, shape),
        );
        let wait_ms = draw.between(500, 1_500);
        let made = (Maker::Automatic, "outlook_theming");
        self.of_itself(session, at_ms, rows, wait_ms, made, draw, items);
    }

    /// What the service writes to people on its own.
    pub(super) fn suggestion(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let app = if draw.chance(0.5) {
            App::Predictive
        } else {
            App::Proactive
        };
        let session = self.session(app, draw);
        let row = self.response(Content::Suggestion, Shape::Text);
        let made = (Maker::System, "suggestion");
        self.lone(session, at_ms, row, made, draw, items);
    }

    /// Work in the admin center.
    pub(super) fn admin_task(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = self.session(App::Admin, draw);
        let made = (Maker::System, "admin_center");
        self.exchange(session, at_ms, Content::AdminTask, made, draw, items);
    }

    /// Cowork: no requestId; thinking rows stand before the answer.
    pub(super) fn cowork(
        &self,
        at_ms: i64,
        (content, made): (Content, Made),
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let session = Session {
            requests: Requests::None,
            ..self.session(App::Cowork, draw)
        };
        let exchange = draw.next();
        let prompt = self.prompt(content, Shape::Text);
        items.push(self.item(session, at_ms, 0, exchange, prompt, made, draw));
        let mut at_ms = at_ms;
        for _ in 0..draw.below(4) {
            at_ms += draw.between(2_000, 20_000);
            let thinking = self.response(Content::Thinking, Shape::Text);
            items.push(self.item(
                session,
                at_ms,
                0,
                exchange,
                thinking,
                (Maker::Noise, "cowork_thinking"),
                draw,
            ));
        }
        at_ms += draw.between(5_000, 60_000);
        let response = self.response(Content::Answer, Shape::Html);
        items.push(self.item(session, at_ms, 0, exchange, response, made, draw));
    }

    pub(super) fn warmup(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let app = if draw.chance(0.5) {
            App::Word
        } else {
            App::Excel
        };
        let session = self.session(app, draw);
        let response = self.response(Content::Warmup, Shape::Text);
        self.lone(
            session,
            at_ms,
            response,
            (Maker::Noise, "warmup"),
            draw,
            items,
        );
    }
}
