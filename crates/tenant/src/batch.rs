//! `POST /$batch`: up to twenty requests in one, each of which counts against the limits.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Asked, GraphError};
use crate::draw::{hash, hash_text};
use crate::route::Route;
use crate::tenant::{Tenant, header};

const PARTS_MOST: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    method: String,
    url: String,
}

impl Tenant {
    /// Answers a batch: 200, with a status for each part.
    pub(crate) async fn batch(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        asked: &Asked,
    ) -> Response<Bytes> {
        let batch: Batch = match serde_json::from_slice(body) {
            Ok(batch) => batch,
            Err(_) => {
                return asked.error(&GraphError::bad_request("Invalid batch payload format."));
            }
        };
        if batch.requests.len() > PARTS_MOST {
            let message =
                format!("Number of batch request steps exceeds the maximum value of {PARTS_MOST}.");
            return asked.error(&GraphError::bad_request(message));
        }
        let mut responses = Vec::with_capacity(batch.requests.len());
        for part in batch.requests {
            responses.push(self.part(part, headers, asked).await);
        }
        asked.json(json!({ "responses": responses }).to_string())
    }

    async fn part(&self, part: Part, headers: &HeaderMap, asked: &Asked) -> Value {
        let mut request = Request::builder()
            .method(part.method.as_str())
            .uri(format!("/v1.0/{}", part.url.trim_start_matches('/')));
        if let Some(token) = header(headers, AUTHORIZATION.as_str()) {
            request = request.header(AUTHORIZATION, token);
        }
        let failed = |status: StatusCode| json!({"id": part.id, "status": status.as_u16(), "headers": {}, "body": null});
        let Ok(request) = request.body(()) else {
            return failed(StatusCode::BAD_REQUEST);
        };
        let (parts, ()) = request.into_parts();
        let route = Route::of(parts.uri.path());
        self.counters.request(route.name());
        let key = hash(&[asked.salt, hash_text(0, &part.id)]);
        let part_asked = Asked {
            salt: key,
            ..asked.clone()
        };
        match self.graph(&route, &parts, &part_asked, key, 0).await {
            Answer::Whole(response) => {
                let kept = [CONTENT_TYPE, RETRY_AFTER].map(|name| {
                    (
                        name.to_string(),
                        header(response.headers(), name.as_str()).map(str::to_owned),
                    )
                });
                let headers: serde_json::Map<String, Value> = kept
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?.into())))
                    .collect();
                let body: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
                json!({"id": part.id, "status": response.status().as_u16(), "headers": headers, "body": body})
            }
            Answer::Cut { .. } | Answer::Reset | Answer::Hang => {
                failed(StatusCode::GATEWAY_TIMEOUT)
            }
        }
    }
}
