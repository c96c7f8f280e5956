//! A small web server on the loopback interface, for as long as a test takes.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The first byte of the range that was asked for.
    pub(crate) from: Option<usize>,
}

/// What is answered.
pub(crate) enum Answer {
    /// The file, from where it was asked for.
    File(Vec<u8>),
    /// The same, but the connection is closed after so many bytes.
    Cut(Vec<u8>, usize),
    /// The whole file, whatever was asked for.
    Whole(Vec<u8>),
    /// Another part than was asked for.
    OtherPart(Vec<u8>),
    Missing,
}

/// A server that answers as the test says, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers with `answer`, given the request and the number of requests before it.
    pub(crate) fn start(answer: impl Fn(&Request, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&requests), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                let request = read(&stream);
                let number = kept.lock().unwrap().len();
                kept.lock().unwrap().push(request.clone());
                write(&stream, &request, answer(&request, number));
            }
        });
        Self { address, requests, stop, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mnist/", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(|line| line.unwrap().to_ascii_lowercase());
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range = headers.iter().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-'));
    Request { path, from: range.map(|from| from.parse().unwrap()) }
}

fn write(mut stream: &TcpStream, request: &Request, answer: Answer) {
    let from = request.from.unwrap_or(0);
    let mut send = |status: &str, extra: &str, body: &[u8], announced: usize| {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {announced}\r\nConnection: close\r\n{extra}\r\n");
        // A client that has seen enough may close the connection first.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    };
    let mut part = |file: &[u8], until: usize| {
        let total = file.len();
        if from >= total {
            return send("416 Range Not Satisfiable", &format!("Content-Range: bytes */{total}\r\n"), b"", 0);
        }
        let range = format!("Content-Range: bytes {from}-{}/{total}\r\n", total - 1);
        let (status, extra) =
            if request.from.is_some() { ("206 Partial Content", range.as_str()) } else { ("200 OK", "") };
        send(status, extra, &file[from..until.max(from)], total - from);
    };
    match answer {
        Answer::File(file) => part(&file, file.len()),
        Answer::Cut(file, until) => part(&file, until),
        Answer::Whole(file) => send("200 OK", "", &file, file.len()),
        Answer::OtherPart(file) => {
            let range = format!("Content-Range: bytes 1-{}/{}\r\n", file.len() - 1, file.len());
            send("206 Partial Content", &range, &file[1..], file.len() - 1);
        }
        Answer::Missing => send("404 Not Found", "", b"no such file", 12),
    }
}
