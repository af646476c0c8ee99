//! Connections that want more than their share, or never end what they began.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::client::Server;

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
