//! Connections that want more than their share, or never end what they began.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::Server;
use crate::definitions::wait;

/// A head without its end.
const HALF: &[u8] = b"GET /api/me HTTP/1.1\r\nHost: duban\r\n";

#[test]
fn half_open_connections_of_one_address_give_way_and_health_is_answered() {
    let server = Server::fresh();
    let open = || {
        let mut stream = server.connect();
        let _ = stream.write_all(HALF);
        stream
    };
    let mut held: Vec<_> = (0..256).map(|_| open()).collect();
    held[0].set_read_timeout(Some(Duration::from_millis(100))).expect("a tenth of a second is a timeout");

    // The share is taken; whoever comes next gets the seat of the first, once that has been idle for long enough.
    let gave_way = (0..100).any(|_| {
        held.push(open());
        held[0].read(&mut [0; 64]).is_ok_and(|count| count == 0)
    });
    let answered = (0..100).any(|_| server.send("GET", "/health/live", "", b"").status == 200);

    assert!(gave_way && answered);
}

/// Asks on a connection that stays open; answers whether there was a good answer.
fn ask(stream: &mut TcpStream) -> bool {
    // A connection that was refused may break while it is written to.
    let _ = stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: duban\r\n\r\n");
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => answer.extend_from_slice(&buffer[..count]),
            Ok(_) | Err(_) => return false,
        }
    }
    answer.starts_with(b"HTTP/1.1 200 ")
}

#[cfg(unix)]
#[test]
fn who_comes_when_the_share_is_taken_is_refused_and_who_was_served_just_now_is_served_again() {
    let server = Server::fresh_under(&["env", "DUBAN_CONNECTIONS_PER_ADDRESS=2"]);
    let (mut one, mut two) = (server.connect(), server.connect());
    assert!(ask(&mut one) && ask(&mut two));

    let refused = !ask(&mut server.connect());

    assert!(refused && ask(&mut one) && ask(&mut two));
    drop(one);
    assert!((0..1000).any(|_| ask(&mut server.connect())), "a place that is free is taken");
}

#[cfg(unix)]
#[test]
fn a_proxy_that_may_have_all_connections_keeps_them() {
    let server = Server::fresh_under(&["env", "DUBAN_CONNECTIONS_PER_ADDRESS=0"]);
    let mut pool: Vec<TcpStream> = (0..300).map(|_| server.connect()).collect();

    assert!(pool.iter_mut().all(ask));
    assert!(pool.iter_mut().all(ask), "each is there for its next request");
}

#[test]
fn a_body_that_is_not_read_ends_the_connection_and_the_answer_says_so() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let too_large = "Content-Length: 1048577\r\n\r\n{".to_owned();
    let in_chunks = format!("Transfer-Encoding: chunked\r\n\r\n110000\r\n{}", "x".repeat(0x11_0000));
    for rest in [too_large, in_chunks] {
        let head = format!(
            "POST /api/cases HTTP/1.1\r\nHost: duban\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        );
        let mut stream = server.connect();
        // The server may hang up before it has read everything.
        let _ = stream.write_all(format!("{head}{rest}").as_bytes());
        let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..count]);
        }

        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(answer.starts_with("http/1.1 413 ") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[cfg(unix)]
#[test]
fn a_body_that_never_ends_does_not_keep_the_server_from_stopping() {
    let mut server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let mut stream = server.connect();
    let head = format!(
        "POST /api/cases HTTP/1.1\r\nHost: duban\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).expect("the server reads");
    // Answered by the same server: the head above has been read when this one is.
    assert_eq!(server.send("GET", "/health/ready", "", b"").status, 200);

    let asked = Instant::now();

    assert!(server.stop());
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
}

#[cfg(unix)]
#[test]
fn what_is_under_way_when_the_server_has_to_stop_is_answered() {
    let mut server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let (mut idle, mut stream) = (server.connect(), server.connect());
    assert!(ask(&mut idle));
    let body = r#"{"process": "appeal", "fields": {"content": "暖气不热。"}}"#;
    let head = format!(
        "POST /api/cases HTTP/1.1\r\nHost: duban\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the server reads");
    // Answered by the same server: the head above has been read when this one is.
    assert_eq!(server.send("GET", "/health/ready", "", b"").status, 200);

    server.tell_to_stop();
    wait(|| !server.listens());
    let is_idle_closed = (0..1000).any(|_| !ask(&mut idle));
    stream.write_all(body.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers and hangs up");

    assert!(is_idle_closed && answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(server.stop());
}
