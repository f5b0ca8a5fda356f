//! The tenant over real HTTP/1.1, on loopback.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use crate::answer::Answer;
use crate::tenant::Tenant;

/// The largest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Serves until the future is dropped. Each connection is a task of its own, and ends with its client.
///
/// # Errors
/// What the listener says when it can take no more connections.
pub async fn serve(tenant: Arc<Tenant>, listener: TcpListener) -> io::Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(Arc::clone(&tenant), stream));
            }
            // A client that left before it was let in is its own affair.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => return Err(error),
        }
    }
}

async fn connection(tenant: Arc<Tenant>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let tenant = Arc::clone(&tenant);
        async move { respond(&tenant, request).await }
    });
    if let Err(error) = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn respond(
    tenant: &Tenant,
    request: Request<Incoming>,
) -> Result<Response<Breakable>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let mut response = Response::new(Breakable::whole(Bytes::new()));
            *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
            return Ok(response);
        }
        Err(_) => return Err(Dropped),
    };
    match tenant.answer(Request::from_parts(parts, body)).await {
        Answer::Whole(response) => Ok(response.map(Breakable::whole)),
        Answer::Cut {
            response,
            keep_bytes,
        } => {
            let (mut head, body) = response.into_parts();
            head.headers
                .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            let broken = Breakable::cut(&body, keep_bytes);
            Ok(Response::from_parts(head, broken))
        }
        Answer::Reset => Err(Dropped),
        Answer::Hang => {
            // The client gives up first: hyper drops this future as the connection closes.
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is broken off on purpose")
    }
}

impl std::error::Error for Dropped {}

/// How long what is written has to reach the wire before the connection breaks. Without it hyper would drop the
/// head too, which it holds back as long as more follows.
const BREAK_AFTER: Duration = Duration::from_millis(10);

/// A body that may end before it should.
struct Breakable {
    left: Option<Bytes>,
    promised_bytes: usize,
    breaking: Option<Pin<Box<Sleep>>>,
}

impl Breakable {
    fn whole(body: Bytes) -> Self {
        Self {
            promised_bytes: body.len(),
            left: Some(body),
            breaking: None,
        }
    }

    fn cut(body: &Bytes, keep_bytes: usize) -> Self {
        Self {
            promised_bytes: body.len(),
            left: Some(body.slice(..keep_bytes.min(body.len()))),
            breaking: Some(Box::pin(sleep(BREAK_AFTER))),
        }
    }
}

impl Body for Breakable {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match self.left.take() {
            Some(data) if !data.is_empty() => Poll::Ready(Some(Ok(Frame::data(data)))),
            _ => match &mut self.breaking {
                Some(wait) => wait.as_mut().poll(context).map(|()| Some(Err(Dropped))),
                None => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.breaking.is_none() && self.left.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let left_bytes = self.left.as_ref().map_or(0, Bytes::len);
        match self.breaking {
            Some(_) => SizeHint::with_exact(self.promised_bytes as u64),
            None => SizeHint::with_exact(left_bytes as u64),
        }
    }
}
