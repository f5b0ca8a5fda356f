//! Microsoft's usage reports: who used Copilot in which app and when, as the admin center says it, days late.

pub(crate) mod apps;
pub(crate) mod book;
mod columns;
mod content;
mod deeds;
mod download;
pub(crate) mod gate;
mod ledger;
pub(crate) mod options;
pub(crate) mod question;
pub(crate) mod refresh;
mod render;
pub(crate) mod sheet;
pub(crate) mod usage;

use std::sync::Arc;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use jiff::civil::Date;
use serde_json::json;

use crate::answer::{Asked, GraphError};
use crate::draw::{hash, hash_text, mix};
use crate::paging;
use crate::reports::book::Sources;
use crate::reports::columns::Column;
use crate::reports::content::{PeriodCounts, Shown, Summary, Trend, UserDetail};
use crate::reports::ledger::Ledger;
use crate::reports::options::{ReportDelivery, ReportOddity};
use crate::reports::question::{Called, Form, Kind, Question};
use crate::reports::refresh::{date_of, end_ms, refresh_day};
use crate::reports::render::Content;
use crate::reports::sheet::Rule;
use crate::tenant::Tenant;

/// Entries of a JSON page.
const TOP_DEFAULT: usize = 200;
const TOP_MOST: usize = 1_000;

/// A name that reports may conceal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Name {
    UserPrincipal,
    Display,
}

/// Which part of a report in JSON, and where the rest is.
struct Page<'a> {
    begin: usize,
    top: usize,
    next: Box<dyn Fn(usize) -> String + 'a>,
}

impl Tenant {
    /// The refresh date of the usage reports at a time (UTC milliseconds): they are complete until its end, and know
    /// nothing after it.
    pub fn report_refresh_date(&self, at_ms: i64) -> Date {
        date_of(self.refresh_day(at_ms))
    }

    pub(crate) fn refresh_day(&self, at_ms: i64) -> i64 {
        refresh_day(self.options.seed, &self.options.report_lag_hours, at_ms)
    }

    pub(crate) fn counting_rule(&self) -> Rule {
        Rule {
            seed: self.options.seed,
            viewed_share: self.options.viewed_share,
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            people: &self.people,
            histories: &self.histories,
            rule: self.counting_rule(),
        }
    }

    pub(crate) fn ledger(&self, refresh: i64) -> Arc<Ledger> {
        self.book.ledger(self.sources(), refresh)
    }

    /// `GET /copilot/reports/…`.
    pub(crate) fn report(
        &self,
        called: &Called,
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let form = called.form(query)?;
        let question = called.question()?;
        let refresh = self.refresh_day(asked.now_ms);
        match (form, self.options.report_delivery) {
            (Form::Json, _) => self.report_page(question, path, query, asked),
            (Form::Csv, ReportDelivery::AtOnce) => Ok(self.report_file(question, refresh, asked)),
            (Form::Csv, ReportDelivery::Redirect) => {
                let base = self.options.report_download_base.as_ref();
                let address = download::address(
                    self.options.seed,
                    base.unwrap_or(&asked.base),
                    asked.now_ms,
                    refresh,
                    question,
                );
                let mut response = asked.respond(StatusCode::FOUND, "text/plain", Bytes::new());
                if let Ok(address) = HeaderValue::from_str(&address) {
                    response.headers_mut().insert(LOCATION, address);
                }
                Ok(response)
            }
        }
    }

    /// What a download address gives: the report, for who brings no token.
    pub(crate) fn report_download(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let (refresh, question) = download::open(self.options.seed, headers, query, asked.now_ms)?;
        Ok(self.report_file(question, refresh, asked))
    }

    /// `GET /admin/reportSettings`.
    pub(crate) fn report_settings(&self, asked: &Asked) -> Response<Bytes> {
        let body = json!({
            "@odata.context": format!("{}/v1.0/$metadata#admin/reportSettings/$entity", asked.base),
            "displayConcealedNames": self.options.conceal_names,
        });
        asked.json(body.to_string())
    }

    fn report_file(&self, question: Question, refresh: i64, asked: &Asked) -> Response<Bytes> {
        let body = self.with_content(question, refresh, None);
        asked.respond(StatusCode::OK, "application/octet-stream", body.into())
    }

    fn report_page(
        &self,
        question: Question,
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let parameters = paging::parameters(query);
        let top =
            paging::top(&parameters, TOP_DEFAULT, TOP_MOST).map_err(GraphError::bad_request)?;
        let purpose = hash(&[hash_text(0, "report page"), question.number()]);
        // Pages belong to the refresh date of the first, even if a new one comes in between.
        let (refresh, begin) = match paging::parameter(&parameters, "skiptoken") {
            Some(token) => paging::open(self.options.seed, purpose, token)
                .ok_or_else(|| GraphError::bad_request("Skip token is not valid."))?,
            None => (self.refresh_day(asked.now_ms), 0),
        };
        let page = Page {
            begin: begin as usize,
            top,
            next: Box::new(|place| {
                let token = paging::seal(self.options.seed, purpose, refresh, place as u64);
                paging::next_link(&asked.base, path, &parameters, &token)
            }),
        };
        Ok(asked.json(self.with_content(question, refresh, Some(&page))))
    }

    /// The report as a file, or a page of it.
    fn with_content(&self, question: Question, refresh: i64, page: Option<&Page>) -> Vec<u8> {
        let periods = question.periods();
        match question.kind {
            Kind::UserDetail => {
                let ledger = self.ledger(refresh);
                let content = UserDetail {
                    ledger: &ledger,
                    periods,
                    show: |user| self.shown(user, refresh),
                };
                self.written(&content, question, page)
            }
            Kind::CountSummary => {
                let ledger = self.ledger(refresh);
                let periods = periods
                    .into_iter()
                    .map(|days| PeriodCounts::of(&ledger, days));
                let content = Summary {
                    refresh,
                    periods: periods.collect(),
                };
                self.written(&content, question, page)
            }
            Kind::CountTrend => {
                let longest = periods.iter().copied().max().unwrap_or(0);
                let content = Trend {
                    refresh,
                    periods,
                    days: self.book.trend(self.sources(), refresh, longest),
                };
                self.written(&content, question, page)
            }
        }
    }

    fn written(&self, content: &impl Content, question: Question, page: Option<&Page>) -> Vec<u8> {
        let oddities = &self.options.report_oddities;
        let columns = Column::of(question.kind, question.version, oddities);
        let Some(page) = page else {
            return render::csv(content, &columns, oddities);
        };
        let end = content.entries().min(page.begin.saturating_add(page.top));
        let mut body = b"{".to_vec();
        if end < content.entries() {
            body.extend_from_slice(b"\"@odata.nextLink\":");
            crate::json::quoted(&mut body, &(page.next)(end));
            body.push(b',');
        }
        body.extend_from_slice(b"\"value\":");
        let begin = page.begin.min(end);
        body.extend(render::json(
            content,
            question.kind,
            &columns,
            oddities,
            begin..end,
        ));
        body.push(b'}');
        body
    }

    /// How a user appears in reports.
    fn shown(&self, user: u32, refresh: i64) -> Shown {
        if self.options.conceal_names {
            return Shown {
                user_principal_name: self.concealed(user, Name::UserPrincipal),
                display_name: self.concealed(user, Name::Display),
            };
        }
        let person = self.people.person_at(user, end_ms(refresh));
        let strange = self
            .options
            .report_oddities
            .contains(&ReportOddity::StrangeNames)
            && user.is_multiple_of(3);
        Shown {
            display_name: if strange {
                format!("{}, \"the Great\"\r\nof elsewhere", person.display_name())
            } else {
                person.display_name()
            },
            user_principal_name: person.upn,
        }
    }

    /// 32 digits that stand for a name, always the same ones.
    pub(crate) fn concealed(&self, user: u32, name: Name) -> String {
        let high = hash(&[self.options.seed, u64::from(user), 0xc0ce, name as u64]);
        format!("{high:016X}{:016X}", mix(high))
    }
}
