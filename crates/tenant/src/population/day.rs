//! A day of a person's work: when something happens, and how an exchange runs.

use crate::draw::{Draw, hash, mix};
use crate::options::Corpus;
use crate::population::activities::{ACTIVITIES, Activity};
use crate::population::habits::Bent;
use crate::population::item::{App, Content, Item, Maker, NEVER_MS, Role, Shape};
use crate::population::occasions::{OCCASIONS, Occasion};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What a day is drawn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    pub(crate) seed: u64,
    pub(crate) user: u32,
    pub(crate) corpus: Corpus,
    pub(crate) bent: Bent,
    /// How this person writes: a number without order.
    pub(crate) hand: u8,
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

/// What is common to the items of a session.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub(super) app: App,
    pub(super) id: u64,
    pub(super) place: u64,
    pub(super) meeting: bool,
    /// Whether prompt and responses share a requestId.
    pub(super) requests: Requests,
}

/// Who makes an exchange, and by which generator.
pub(super) type Made = (Maker, &'static str);

/// Who speaks, what, and how it is wrapped.
pub(super) type Row = (Role, Content, Shape);

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Requests {
    Shared,
    /// A new one for each row.
    Unstable,
    None,
}

impl Session {
    /// The request id of the next row of an exchange whose rows may share this one.
    fn request(&self, shared: u64, draw: &mut Draw) -> u64 {
        match self.requests {
            Requests::Shared => shared,
            Requests::Unstable => draw.next() | 1,
            Requests::None => 0,
        }
    }
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
        match self.corpus {
            Corpus::Everyday => {
                let weights = self.habits(&ACTIVITIES, Activity::needs);
                while items.len() < wanted {
                    let begin = items.len();
                    let activity = ACTIVITIES[draw.weighted(&weights)].0;
                    self.act(activity, &mut draw, items);
                    items.truncate(wanted);
                    self.keep_within(&mut items[begin..]);
                }
            }
            Corpus::Tuning | Corpus::HeldOut => {
                let weights = self.habits(&OCCASIONS, Occasion::needs);
                let mut begin = items.len();
                self.appointments(&mut draw, items);
                loop {
                    items.truncate(wanted);
                    self.keep_within(&mut items[begin..]);
                    if items.len() == wanted {
                        return;
                    }
                    begin = items.len();
                    let occasion = OCCASIONS[draw.weighted(&weights)].0;
                    self.take(occasion, &mut draw, items);
                }
            }
        }
    }

    /// Everyone has an app or two that they like, and some leave out what they would have to do themselves.
    fn habits<T: Copy, const N: usize>(
        &self,
        all: &[(T, u32); N],
        needs: impl Fn(T) -> Bent,
    ) -> [u32; N] {
        let mut weights = all.map(|(what, weight)| {
            let able = match self.bent {
                Bent::Asks => true,
                Bent::Presses => needs(what) != Bent::Asks,
                Bent::LooksOn => needs(what) == Bent::LooksOn,
            };
            if able { weight * 4 } else { 0 }
        });
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
    pub(super) fn moment(&self, draw: &mut Draw) -> i64 {
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

    pub(super) fn session(&self, app: App, draw: &mut Draw) -> Session {
        Session {
            app,
            id: draw.next() | 1,
            place: 0,
            meeting: false,
            requests: Requests::Shared,
        }
    }

    pub(super) fn file(&self, draw: &mut Draw) -> u64 {
        // A person works on some forty files in a season, so that names come again.
        hash(&[self.seed, u64::from(self.user), 0xf11e, draw.below(40)]) | 1
    }

    /// A prompt with none to several responses. Gives the time of the last row.
    pub(super) fn exchange(
        &self,
        session: Session,
        at_ms: i64,
        content: Content,
        made: Made,
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) -> i64 {
        let exchange = draw.next();
        let shared = draw.next() | 1;
        let request = |draw: &mut Draw| session.request(shared, draw);
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
    pub(super) fn repeat(&self, begin: usize, draw: &mut Draw, items: &mut Vec<Item>) {
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

    /// What a machine asks a machine: a prompt, if any, and the one answer after an even wait.
    #[expect(
        clippy::too_many_arguments,
        reason = "an exchange is just that: where, when, what, how long, whose"
    )]
    pub(super) fn of_itself(
        &self,
        session: Session,
        at_ms: i64,
        (prompt, response): (Option<Row>, Row),
        wait_ms: i64,
        made: Made,
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let exchange = draw.next();
        let shared = draw.next() | 1;
        if let Some(prompt) = prompt {
            let request = session.request(shared, draw);
            items.push(self.item(session, at_ms, request, exchange, prompt, made, draw));
        }
        let request = session.request(shared, draw);
        let at_ms = at_ms + wait_ms;
        items.push(self.item(session, at_ms, request, exchange, response, made, draw));
    }

    /// A response that nobody's prompt stands before.
    pub(super) fn lone(
        &self,
        session: Session,
        at_ms: i64,
        row: Row,
        made: Made,
        draw: &mut Draw,
        items: &mut Vec<Item>,
    ) {
        let (request, exchange) = (draw.next() | 1, draw.next());
        items.push(self.item(session, at_ms, request, exchange, row, made, draw));
    }

    pub(super) fn prompt(&self, content: Content, shape: Shape) -> Row {
        (Role::Prompt, content, shape)
    }

    pub(super) fn response(&self, content: Content, shape: Shape) -> Row {
        (Role::Response, content, shape)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place where an item's fields come together"
    )]
    pub(super) fn item(
        &self,
        session: Session,
        at_ms: i64,
        request: u64,
        exchange: u64,
        (role, content, shape): Row,
        (maker, generator): Made,
        draw: &mut Draw,
    ) -> Item {
        let salt = mix(draw.next());
        Item {
            created_ms: at_ms,
            id_ms: at_ms,
            visible_ms: 0,
            edited_ms: NEVER_MS,
            session: session.id,
            request,
            exchange,
            place: session.place,
            salt,
            words: match role {
                Role::Prompt => mix(exchange),
                Role::Response => salt,
            },
            app: session.app,
            role,
            shape,
            content,
            maker,
            generator,
            language: self.language,
            locale: self.language,
            hand: self.hand,
            corpus: self.corpus,
            meeting: session.meeting,
        }
    }
}
