//! Real HTTP over loopback sockets: what a network does to an answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use hobbs_graph::{HttpTransport, Transport, TransportError};

/// Answers each connection once with these bytes, then closes it; gives the address.
fn serve(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!(
        "http://{}/v1.0/x?$skiptoken=hush",
        listener.local_addr().unwrap()
    );
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            read_head(&mut connection);
            let _ = connection.write_all(&answer);
        }
    });
    address
}

fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0_u8];
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

async fn get(address: &str) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::get(address)
        .header("authorization", "Bearer t")
        .body(Bytes::new())
        .unwrap();
    HttpTransport::new().unwrap().send(request).await
}

#[tokio::test]
async fn a_whole_answer_arrives_whole() {
    let address = serve(
        b"HTTP/1.1 200 OK\r\nDate: Sun, 01 Mar 2026 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
            .to_vec(),
    );
    let answer = get(&address).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_ref()),
        (200, b"ok".as_slice())
    );
    assert!(answer.headers().contains_key("date"));
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    // The word "hobbs", gzipped without compression.
    let packed: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 5, 0, 0xfa, 0xff, b'h', b'o', b'b', b'b', b's',
        0x2c, 0xe5, 0x66, 0xf1, 5, 0, 0, 0,
    ];
    let mut crc = !0_u32;
    for byte in b"hobbs" {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut packed = packed.to_vec();
    packed[20..24].copy_from_slice(&(!crc).to_le_bytes());
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    let whole = serve([head.as_bytes(), &packed].concat());
    assert_eq!(get(&whole).await.unwrap().body().as_ref(), b"hobbs");
    let cut_head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n";
    let cut = serve([cut_head.as_bytes(), &packed[..18]].concat());
    assert_eq!(get(&cut).await.unwrap_err(), TransportError::Cut);
}

#[tokio::test]
async fn half_an_answer_is_a_cut() {
    for half in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"value\":[",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"value\":[",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
    ] {
        assert_eq!(
            get(&serve(half.into())).await.unwrap_err(),
            TransportError::Cut,
            "{half}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".to_vec());
    let address = serve(
        format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n")
            .into_bytes(),
    );
    assert_eq!(get(&address).await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn a_body_without_end_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        read_head(&mut connection);
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let block = vec![b' '; 1 << 20];
        while connection.write_all(&block).is_ok() {}
    });
    assert!(matches!(
        get(&address).await,
        Err(TransportError::TooLarge { .. })
    ));
}

#[tokio::test]
async fn an_unreachable_host_is_named_without_the_query() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = get(&format!("http://{closed}/x?$skiptoken=hush"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn a_reset_in_the_middle_is_a_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        // The request stays unread, so that closing resets the connection.
        let mut first = [0_u8];
        connection.read_exact(&mut first).unwrap();
        connection
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            .unwrap();
    });
    assert_eq!(get(&address).await.unwrap_err(), TransportError::Cut);
}
