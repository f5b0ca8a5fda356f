//! What an attempt gives when something goes wrong with it.

use bytes::Bytes;
use http::StatusCode;

use crate::answer::{Answer, Asked, GraphError};
use crate::draw::Draw;
use crate::faults::Fault;
use crate::route::Route;
use crate::tenant::Tenant;
use crate::time::http_date;

/// Whether the service refuses at once, without working on the answer.
pub(crate) fn throttles(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::ThrottleSeconds | Fault::ThrottleDate | Fault::ThrottleBare
    )
}

impl Tenant {
    /// What comes in place of the answer, or of a part of it.
    pub(crate) fn spoil(
        &self,
        fault: Fault,
        route: &Route,
        parts: &http::request::Parts,
        asked: &Asked,
    ) -> Answer {
        let mut draw = Draw::of(&[asked.salt, 0x0b]);
        let graph_error = |status, code, message: &str| {
            Answer::Whole(asked.error(&GraphError::new(status, code, message)))
        };
        match fault {
            Fault::ThrottleSeconds => {
                Answer::Whole(asked.too_many(Some(&draw.between(1, 5).to_string())))
            }
            Fault::ThrottleDate => {
                let date = http_date(asked.now_ms + draw.between(1_000, 5_000));
                Answer::Whole(asked.too_many(Some(&date)))
            }
            Fault::ThrottleBare => Answer::Whole(asked.too_many(None)),
            Fault::Error500 => graph_error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "An internal server error occurred. The operation failed.",
            ),
            Fault::BadGatewayHtml => {
                let html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n";
                Answer::Whole(asked.respond(
                    StatusCode::BAD_GATEWAY,
                    "text/html",
                    Bytes::from_static(html.as_bytes()),
                ))
            }
            Fault::Unavailable503 => Answer::Whole(asked.respond(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain",
                Bytes::new(),
            )),
            Fault::Timeout504 => graph_error(
                StatusCode::GATEWAY_TIMEOUT,
                "GatewayTimeout",
                "The server, while acting as a proxy, did not receive a timely response.",
            ),
            Fault::ExpiredToken => graph_error(
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                "Lifetime validation failed, the token is expired.",
            ),
            Fault::Reset => Answer::Reset,
            Fault::Hang => Answer::Hang,
            Fault::CutBody => {
                let response = self.read(route, parts, asked);
                let keep_bytes = draw.below(response.body().len() as u64) as usize;
                Answer::Cut {
                    response,
                    keep_bytes,
                }
            }
            Fault::TruncatedJson => {
                let mut response = self.read(route, parts, asked);
                let keep_bytes = draw.below(response.body().len() as u64) as usize;
                response.body_mut().truncate(keep_bytes);
                Answer::Whole(response)
            }
            _ => Answer::Whole(self.read(route, parts, asked)),
        }
    }
}
