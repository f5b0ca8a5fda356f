//! Rules made ready: what an exchange costs does not grow with the number of rules.

use hobbs_interaction::FingerprintKey;

use crate::Map;
use crate::case::Case;
use crate::evidence::Part;
use crate::rules::{Condition, Judges, Means, Rule, Rules};
use crate::test::{Column, Test, is_app};

/// Rules whose labels are fingerprints under a lake's key.
#[derive(Debug, Clone)]
pub struct Compiled {
    version: String,
    /// The strongest first.
    rules: Vec<CompiledRule>,
    /// Rules that judge exchanges, each in one of the following, by what it asks for that is rarest.
    prompts: [Map<i64, Vec<usize>>; Column::ALL.len()],
    marks: Map<&'static str, Vec<usize>>,
    signs: Map<String, Vec<usize>>,
    apps: Vec<(String, Vec<usize>)>,
    always: Vec<usize>,
    /// Rules that judge rows.
    of_parts: Vec<usize>,
    repeat_us: i64,
    refused: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledRule {
    pub(crate) rule: Rule,
    pub(crate) tests: Vec<Test>,
}

impl CompiledRule {
    pub(crate) fn holds(&self, case: &Case<'_, '_>) -> bool {
        self.tests.iter().all(|test| test.holds(case))
    }
}

impl Rules {
    /// Makes the rules ready for a lake whose fingerprints have this key.
    pub fn compile(&self, key: &FingerprintKey) -> Compiled {
        let mut rules: Vec<&Rule> = self.iter().collect();
        rules.sort_by_key(|rule| rule.rank());
        let refused = self
            .sign_list()
            .filter(|sign| sign.means == Some(Means::Refused));
        let mut compiled = Compiled {
            version: self.version().to_owned(),
            rules: Vec::new(),
            prompts: Default::default(),
            marks: Map::default(),
            signs: Map::default(),
            apps: Vec::new(),
            always: Vec::new(),
            of_parts: Vec::new(),
            repeat_us: 0,
            refused: refused.map(|sign| sign.id.clone()).collect(),
        };
        for rule in rules {
            let tests = Test::all(&rule.conditions, key);
            compiled.add(CompiledRule {
                rule: rule.clone(),
                tests,
            });
        }
        compiled
    }
}

impl Compiled {
    /// See [`Rules::version`].
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn rules(&self) -> &[CompiledRule] {
        &self.rules
    }

    pub(crate) fn rule(&self, place: usize) -> &Rule {
        &self.rules[place].rule
    }

    /// The longest time within which a rule takes the same text for a repeat.
    pub(crate) const fn repeat_us(&self) -> i64 {
        self.repeat_us
    }

    /// Whether a sign says that an answer declines or fails.
    pub(crate) fn is_refusal(&self, sign: &str) -> bool {
        self.refused.iter().any(|refused| refused == sign)
    }

    /// The strongest rule that calls one row noise.
    pub(crate) fn noise(&self, part: &Case<'_, '_>) -> Option<usize> {
        self.of_parts
            .iter()
            .copied()
            .find(|place| self.rules[*place].holds(part))
    }

    /// The strongest rule that holds for an exchange.
    pub(crate) fn judge(&self, case: &Case<'_, '_>) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut look = |places: Option<&Vec<usize>>| {
            // In the order of strength: what can't win needs not be asked.
            for place in places.into_iter().flatten() {
                if best.is_some_and(|best| best <= *place) {
                    break;
                }
                if self.rules[*place].holds(case) {
                    best = Some(*place);
                }
            }
        };
        look(Some(&self.always));
        for (app, places) in &self.apps {
            if is_app(case.lead.app_class, app) {
                look(Some(places));
            }
        }
        for row in case.parts() {
            if let Some(mark) = row.mark {
                look(self.marks.get(mark));
            }
            for sign in row.signs() {
                look(self.signs.get(sign));
            }
            if row.part == Part::Prompt {
                for (column, known) in Column::ALL.into_iter().zip(&self.prompts) {
                    if let Some(number) = column.of(row) {
                        look(known.get(&number));
                    }
                }
            }
        }
        best
    }

    fn add(&mut self, rule: CompiledRule) {
        let place = self.rules.len();
        for condition in &rule.rule.conditions {
            if let Condition::RepeatWithinSeconds(seconds) = condition {
                self.repeat_us = self.repeat_us.max((seconds * 1e6) as i64);
            }
        }
        match rule.rule.judges {
            Judges::Part => self.of_parts.push(place),
            Judges::Exchange => self.index(place, &rule.tests),
        }
        self.rules.push(rule);
    }

    fn index(&mut self, place: usize, tests: &[Test]) {
        for wanted in Column::ALL {
            let numbers = tests.iter().find_map(|test| match test {
                Test::Prompt {
                    column,
                    wanted: numbers,
                    ..
                } if *column == wanted => Some(numbers),
                _ => None,
            });
            if let Some(numbers) = numbers {
                for number in numbers.keys() {
                    self.prompts[wanted as usize]
                        .entry(*number)
                        .or_default()
                        .push(place);
                }
                return;
            }
        }
        for test in tests {
            match test {
                Test::Marks(marks) => {
                    for mark in marks {
                        self.marks.entry(mark.as_str()).or_default().push(place);
                    }
                    return;
                }
                Test::Signs(_, signs) => {
                    for sign in signs {
                        self.signs.entry(sign.clone()).or_default().push(place);
                    }
                    return;
                }
                _ => {}
            }
        }
        for test in tests {
            if let Test::Apps(apps) = test {
                for app in apps {
                    match self
                        .apps
                        .iter_mut()
                        .find(|(known, _)| known.eq_ignore_ascii_case(app))
                    {
                        Some((_, places)) => places.push(place),
                        None => self.apps.push((app.clone(), vec![place])),
                    }
                }
                return;
            }
        }
        self.always.push(place);
    }
}
