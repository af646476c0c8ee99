//! The way out reaches what it may, and nothing else.

use duban::runner::{Outside, Reply, Request, Web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on this machine that gives each caller the same answer; its port, and the requests that it got.
async fn server(answer: String) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let serving = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.expect("somebody calls");
        let mut heard = vec![0; 65_536];
        let count = caller.read(&mut heard).await.expect("the caller says something");
        // Whoever has heard enough may hang up.
        let _ = caller.write_all(answer.as_bytes()).await;
        String::from_utf8_lossy(&heard[..count]).into_owned()
    });
    (port, serving)
}

fn request(url: String, private: bool) -> Request {
    let headers = vec![("webhook-id".to_owned(), "7".to_owned())];
    Request { method: "POST".to_owned(), url, headers, body: "甲".to_owned(), private }
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_private_connection_reaches_a_server_on_this_machine() {
    let web = Web::new().expect("the certificates can be read");
    let (port, serving) = server(answer("200 OK", "好")).await;

    let reply = web.send(request(format!("http://localhost:{port}/in"), true)).await;

    assert_eq!(reply, Ok(Reply { status: 200, body: "好".to_owned() }));
    let heard = serving.await.expect("the server was called");
    assert!(heard.starts_with("POST /in HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("webhook-id: 7\r\n") && heard.ends_with("甲"), "{heard}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let web = Web::new().expect("the certificates can be read");
    let (port, _serving) = server(answer("302 Found\r\nlocation: http://169.254.169.254/", "")).await;

    let reply = web.send(request(format!("http://127.0.0.1:{port}/"), true)).await;

    assert_eq!(reply.map(|reply| reply.status), Ok(302));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let web = Web::new().expect("the certificates can be read");
    let (port, _serving) = server(answer("200 OK", &"a".repeat(2 * 1024 * 1024))).await;

    let reply = web.send(request(format!("http://127.0.0.1:{port}/"), true)).await;

    assert!(reply.as_ref().is_err_and(|reason| reason.contains("more than 1048576 bytes")), "{reply:?}");
}

#[tokio::test]
async fn what_is_not_public_is_refused_by_name_and_by_number() {
    let web = Web::new().expect("the certificates can be read");
    let addresses = [
        ("https://localhost/", false),
        ("https://127.0.0.1/", false),
        ("https://[::1]/", false),
        ("https://10.0.0.1/", false),
        // Other ways to write 127.0.0.1.
        ("https://2130706433/", false),
        ("https://0x7f.1/", false),
        ("https://[::ffff:127.0.0.1]/", false),
        ("https://169.254.169.254/latest/meta-data/", false),
        ("http://169.254.169.254/latest/meta-data/", true),
        ("http://0.0.0.0/", true),
    ];
    for (url, private) in addresses {
        let reply = web.send(request(url.to_owned(), private)).await;

        let is_refused = reply.as_ref().is_err_and(|reason| reason.contains("may not reach"));
        assert!(is_refused, "{url}: {reply:?}");
    }
}

#[tokio::test]
async fn what_is_not_https_is_refused_outside_of_private_networks() {
    let web = Web::new().expect("the certificates can be read");
    for (url, private) in
        [("http://city.example/", false), ("file:///etc/passwd", true), ("gopher://city.example/", true)]
    {
        let reply = web.send(request(url.to_owned(), private)).await;

        assert!(reply.as_ref().is_err_and(|reason| reason.contains("does not begin with https:")), "{url}: {reply:?}");
    }
}
