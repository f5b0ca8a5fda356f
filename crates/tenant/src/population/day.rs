//! A day of a person's work: sessions, their exchanges, and what happens beside them without anybody asking.

use crate::draw::{Draw, hash, mix};
use crate::population::item::{App, Content, Item, Maker, NEVER_MS, Role, Shape};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What a day is drawn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    pub(crate) seed: u64,
    pub(crate) user: u32,
    pub(crate) language: u8,
    pub(crate) offset_min: i32,
    /// Local days since 1970.
    pub(crate) day: i64,
    /// The first and the last moment at which anything may happen, UTC milliseconds.
    pub(crate) within: (i64, i64),
}

/// How likely an hour of the day is, from midnight on.
const HOURS: [u32; 24] = [
    0, 0, 0, 0, 0, 0, 1, 3, 9, 14, 15, 11, 5, 9, 13, 13, 10, 6, 3, 1, 1, 1, 0, 0,
];

#[derive(Clone, Copy)]
enum Activity {
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

const ACTIVITIES: [(Activity, u32); 21] = [
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

/// What is common to the items of a session.
#[derive(Clone, Copy)]
struct Session {
    app: App,
    id: u64,
    place: u64,
    meeting: bool,
    /// Whether prompt and responses share a requestId.
    requests: Requests,
}

#[derive(Clone, Copy, PartialEq)]
enum Requests {
    Shared,
    /// A new one for each row.
    Unstable,
    None,
}

impl Day {
    /// Appends exactly `rows` items, in no particular order.
    pub(crate) fn fill(&self, rows: u64, items: &mut Vec<Item>) {
        let mut draw = Draw::of(&[
            self.seed,
            u64::from(self.user),
            self.day as u64,
            self.within.0 as u64,
        ]);
        let wanted = items.len() + rows as usize;
        let weights = self.habits();
        while items.len() < wanted {
            let begin = items.len();
            let activity = ACTIVITIES[draw.weighted(&weights)].0;
            self.act(activity, &mut draw, items);
            items.truncate(wanted);
            self.keep_within(&mut items[begin..]);
        }
    }

    /// Everyone has an app or two that they like.
    fn habits(&self) -> [u32; 21] {
        let mut weights = ACTIVITIES.map(|(_, weight)| weight * 4);
        let mut draw = Draw::of(&[self.seed, u64::from(self.user), 0x4ab]);
        for weight in &mut weights {
            *weight = match draw.below(6) {
                0 => *weight / 2,
                1 => *weight * 2,
                _ => *weight,
            };
        }
        weights
    }

    /// A session that runs past the end of the day or of the history began earlier.
    fn keep_within(&self, items: &mut [Item]) {
        let last = items
            .iter()
            .map(|item| item.created_ms)
            .max()
            .unwrap_or(self.within.1);
        let first = items
            .iter()
            .map(|item| item.created_ms)
            .min()
            .unwrap_or(self.within.0);
        let back = (last - self.within.1).min(first - self.within.0).max(0);
        for item in items {
            item.created_ms = (item.created_ms - back).min(self.within.1);
            item.id_ms = item.created_ms;
        }
    }

    /// A moment of working time.
    fn moment(&self, draw: &mut Draw) -> i64 {
        let midnight_ms = self.day * DAY_MS - i64::from(self.offset_min) * MINUTE_MS;
        for _ in 0..12 {
            let at_ms = midnight_ms
                + draw.weighted(&HOURS) as i64 * HOUR_MS
                + draw.below(HOUR_MS as u64) as i64;
            if (self.within.0..=self.within.1).contains(&at_ms) {
                return at_ms;
            }
        }
        draw.between(self.within.0, self.within.1)
    }

    fn session(&self, app: App, draw: &mut Draw) -> Session {
        Session {
            app,
            id: draw.next() | 1,
            place: 0,
            meeting: false,
            requests: Requests::Shared,
        }
    }

    fn file(&self, draw: &mut Draw) -> u64 {
        // A person works on some forty files in a season, so that names come again.
        hash(&[self.seed, u64::from(self.user), 0xf11e, draw.below(40)]) | 1
    }

    fn act(&self, activity: Activity, draw: &mut Draw, items: &mut Vec<Item>) {
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
            Activity::Cowork => self.cowork(at_ms, draw, items),
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
            Activity::Suggestion => {
                let app = if draw.chance(0.5) {
                    App::Predictive
                } else {
                    App::Proactive
                };
                let session = self.session(app, draw);
                let response = self.response(Content::Suggestion, Shape::Text);
                self.lone(
                    session,
                    at_ms,
                    response,
                    (Maker::System, "suggestion"),
                    draw,
                    items,
                );
            }
            Activity::Admin => {
                let session = self.session(App::Admin, draw);
                self.exchange(
                    session,
                    at_ms,
                    Content::AdminTask,
                    (Maker::System, "admin_center"),
                    draw,
                    items,
                );
            }
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
            // Threads that people come back to within the week.
            session.id = hash(&[
                self.seed,
                u64::from(self.user),
                (self.day.div_euclid(7)) as u64,
                draw.below(3),
            ]) | 1;
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

    /// Typed work on one open file or mail.
    fn on_file(&self, app: App, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            ..self.session(app, draw)
        };
        let mut at_ms = at_ms;
        loop {
            at_ms = self.exchange(
                session,
                at_ms,
                Content::Typed,
                (Maker::Typed, "draft"),
                draw,
                items,
            );
            if draw.chance(0.6) {
                return;
            }
            at_ms += draw.between(10_000, 300_000);
        }
    }

    /// People of one team in one meeting share its session, and the first row there its id.
    fn meeting(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
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
        let mut at_ms = if shared { begin_ms } else { at_ms };
        let (content, made) = if draw.chance(0.5) {
            (Content::Label, (Maker::Clicked, "meeting_button"))
        } else {
            (Content::Typed, (Maker::Typed, "meeting"))
        };
        loop {
            at_ms = self.exchange(session, at_ms, content, made, draw, items);
            if draw.chance(0.6) {
                return;
            }
            at_ms += draw.between(20_000, 600_000);
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
    fn word_opens(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            ..self.session(App::Word, draw)
        };
        let session = if draw.chance(0.3) {
            Session { id: 0, ..session }
        } else {
            session
        };
        let made = (Maker::Automatic, "word_summary");
        let with_prompt = draw.chance(0.6);
        let request = draw.next() | 1;
        let exchange = draw.next();
        // See `compose`: the remainder by 3 says which of the two carries the mark.
        let exchange = if with_prompt {
            exchange
        } else {
            exchange / 3 * 3 + 1
        };
        if with_prompt {
            let prompt = self.prompt(Content::AutoSummary, Shape::Text);
            items.push(self.item(session, at_ms, request, exchange, prompt, made, draw));
        }
        let shape = if draw.chance(0.4) {
            Shape::NestedCard
        } else {
            Shape::Text
        };
        let response = self.response(Content::AutoAnswer, shape);
        items.push(self.item(
            session,
            at_ms + draw.between(900, 2_500),
            request,
            exchange,
            response,
            made,
            draw,
        ));
    }

    fn excel(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            place: self.file(draw),
            requests: Requests::Unstable,
            ..self.session(App::Excel, draw)
        };
        let mut at_ms = at_ms;
        loop {
            at_ms = self.exchange(
                session,
                at_ms,
                Content::Typed,
                (Maker::Typed, "excel"),
                draw,
                items,
            );
            if draw.chance(0.5) {
                return;
            }
            at_ms += draw.between(10_000, 200_000);
        }
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

    fn theming(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = self.session(App::Outlook, draw);
        let made = (Maker::Automatic, "outlook_theming");
        let (request, exchange) = (draw.next() | 1, draw.next());
        let prompt = self.prompt(Content::VisualTheming, Shape::Text);
        items.push(self.item(session, at_ms, request, exchange, prompt, made, draw));
        let shape = if draw.chance(0.5) {
            Shape::InlineImage
        } else {
            Shape::NestedCard
        };
        let response = self.response(Content::VisualTheming, shape);
        items.push(self.item(
            session,
            at_ms + draw.between(500, 1_500),
            request,
            exchange,
            response,
            made,
            draw,
        ));
    }

    /// Cowork: no requestId; thinking rows stand before the answer.
    fn cowork(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
        let session = Session {
            requests: Requests::None,
            ..self.session(App::Cowork, draw)
        };
        let exchange = draw.next();
        let typed = (Maker::Typed, "cowork");
        let prompt = self.prompt(Content::Typed, Shape::Text);
        items.push(self.item(session, at_ms, 0, exchange, prompt, typed, draw));
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
        items.push(self.item(session, at_ms, 0, exchange, response, typed, draw));
    }

    fn warmup(&self, at_ms: i64, draw: &mut Draw, items: &mut Vec<Item>) {
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

    /// A prompt with none to several responses. Gives the time of the last row.
    fn exchange(
        &self,
        session: Session,
        at_ms: i64,
        content: Content,
        made: (Maker, &'static str),
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) -> i64 {
        let exchange = draw.next();
        let shared = draw.next() | 1;
        let request = |draw: &mut Draw| match session.requests {
            Requests::Shared => shared,
            Requests::Unstable => draw.next() | 1,
            Requests::None => 0,
        };
        let shape = match draw.below(10) {
            0 if content != Content::Strange => Shape::Html,
            1 | 2 if session.place != 0 => Shape::TextWithReference,
            _ => Shape::Text,
        };
        let id = request(draw);
        items.push(self.item(
            session,
            at_ms,
            id,
            exchange,
            self.prompt(content, shape),
            made,
            draw,
        ));
        let mut at_ms = at_ms;
        if draw.chance(0.06) {
            let noise = if draw.chance(0.7) {
                Content::Searching
            } else {
                Content::Empty
            };
            at_ms += draw.between(300, 1_500);
            let (id, response) = (request(draw), self.response(noise, Shape::Text));
            items.push(self.item(
                session,
                at_ms,
                id,
                exchange,
                response,
                (Maker::Noise, "searching"),
                draw,
            ));
        }
        let responses = [0, 1, 2, 3][draw.weighted(&[4, 82, 10, 4])];
        for _ in 0..responses {
            at_ms += draw.between(1_800, 22_000);
            let (content, shape) = self.answer(session, draw);
            let id = request(draw);
            items.push(self.item(
                session,
                at_ms,
                id,
                exchange,
                self.response(content, shape),
                made,
                draw,
            ));
        }
        at_ms
    }

    fn answer(&self, session: Session, draw: &mut Draw) -> (Content, Shape) {
        if draw.chance(0.03) {
            return (Content::Refusal, Shape::Text);
        }
        if session.meeting && draw.chance(0.15) {
            return (Content::NeedsTranscript, Shape::TextWithReference);
        }
        let shapes: &[Shape] = match session.app {
            App::BizChat => &[
                Shape::Card,
                Shape::Card,
                Shape::Card,
                Shape::Html,
                Shape::Text,
                Shape::NestedCard,
            ],
            App::Excel => &[Shape::ThoughtsJson, Shape::ThoughtsJson, Shape::Text],
            App::Teams if session.meeting => &[Shape::TextWithReference, Shape::Html],
            App::Outlook => &[Shape::Html, Shape::Text, Shape::NestedCard],
            _ => &[Shape::Text, Shape::Html, Shape::NestedCard, Shape::Card],
        };
        (
            Content::Answer,
            shapes[draw.below(shapes.len() as u64) as usize],
        )
    }

    /// The last response again within five seconds, under a new id.
    fn repeat(&self, begin: usize, draw: &mut Draw, items: &mut Vec<Item>) {
        let Some(last) = items[begin..]
            .iter()
            .rfind(|item| item.role == Role::Response)
            .copied()
        else {
            return;
        };
        let later_ms = draw.between(400, 4_500);
        items.push(Item {
            created_ms: last.created_ms + later_ms,
            id_ms: last.id_ms + later_ms,
            maker: Maker::Noise,
            generator: "repeat",
            ..last
        });
    }

    /// A response that nobody's prompt stands before.
    fn lone(
        &self,
        session: Session,
        at_ms: i64,
        row: (Role, Content, Shape),
        made: (Maker, &'static str),
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let (request, exchange) = (draw.next() | 1, draw.next());
        items.push(self.item(session, at_ms, request, exchange, row, made, draw));
    }

    fn prompt(&self, content: Content, shape: Shape) -> (Role, Content, Shape) {
        (Role::Prompt, content, shape)
    }

    fn response(&self, content: Content, shape: Shape) -> (Role, Content, Shape) {
        (Role::Response, content, shape)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place where an item's fields come together"
    )]
    fn item(
        &self,
        session: Session,
        at_ms: i64,
        request: u64,
        exchange: u64,
        (role, content, shape): (Role, Content, Shape),
        (maker, generator): (Maker, &'static str),
        draw: &mut Draw,
    ) -> Item {
        Item {
            created_ms: at_ms,
            id_ms: at_ms,
            visible_ms: 0,
            edited_ms: NEVER_MS,
            session: session.id,
            request,
            exchange,
            place: session.place,
            salt: mix(draw.next()),
            app: session.app,
            role,
            shape,
            content,
            maker,
            generator,
            language: self.language,
            meeting: session.meeting,
        }
    }
}
