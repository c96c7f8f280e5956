//! A headless browser, driven by the WebDriver protocol: JSON over HTTP on a port of its own, with a profile of its own.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

/// Names under which the browser is installed.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVER: &str = "chromedriver";

/// The driver says with this line which port it took.
const STARTED: &str = "was started successfully on port ";

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whole pages as pictures in base64 are larger than what is read by default.
const LARGEST_ANSWER: u64 = 200 << 20;

/// The key of a reference to an element in what the driver answers (W3C WebDriver, section 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The two programs, if both are installed.
pub(crate) fn installed() -> Option<(PathBuf, PathBuf)> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let find = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    Some((BROWSERS.into_iter().find_map(find)?, find(DRIVER)?))
}

/// A running browser; it ends with this value.
pub(crate) struct WebDriver {
    driver: Child,
    /// The session's address, once there is one.
    session: Option<String>,
    agent: Agent,
    /// Removed at the end, after the browser.
    _profile: TempDir,
}

/// An element of the page.
pub(crate) struct Element(String);

impl WebDriver {
    /// Starts both programs.
    pub(crate) fn start(browser: &Path, driver: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once(STARTED)?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let mut this = Self { driver, session: None, agent: config.into(), _profile: profile };
        let root = format!("http://127.0.0.1:{}", port.expect("the driver says its port"));
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={}", this._profile.path().display()),
        ];
        let answer = this.post(
            &format!("{root}/session"),
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "timeouts": {"script": PATIENCE.as_millis() as u64, "pageLoad": PATIENCE.as_millis() as u64},
                "goog:chromeOptions": {"binary": browser, "args": arguments},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }}}),
        );
        let session = answer["sessionId"].as_str().expect("a session has a name");
        this.session = Some(format!("{root}/session/{session}"));
        this
    }

    /// Opens a file.
    pub(crate) fn open(&self, path: &Path) {
        self.command("url", &json!({"url": format!("file://{}", path.display())}));
    }

    /// Runs the body of a function and returns what it returns.
    pub(crate) fn evaluate(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs the body of a function whose last argument is to be called with the result.
    pub(crate) fn wait_for(&self, script: &str) -> Value {
        self.command("execute/async", &json!({"script": script, "args": []}))
    }

    /// A command of the browser's own protocol (Chrome DevTools).
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.command("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// What was logged since the last call: `browser` or `performance`.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        self.command("se/log", &json!({"type": kind})).as_array().cloned().unwrap_or_default()
    }

    /// The first element that a selector matches.
    pub(crate) fn find(&self, selector: &str) -> Element {
        let found = self.command("element", &json!({"using": "css selector", "value": selector}));
        Element(found[ELEMENT].as_str().unwrap_or_else(|| panic!("no `{selector}`: {found}")).to_owned())
    }

    /// Clicks as a person does: the element is scrolled into view and must not be covered.
    pub(crate) fn click(&self, selector: &str) {
        let Element(id) = self.find(selector);
        self.command(&format!("element/{id}/click"), &json!({}));
    }

    /// Types into an element.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let Element(id) = self.find(selector);
        self.command(&format!("element/{id}/value"), &json!({"text": text}));
    }

    /// Moves the pointer to the middle of an element.
    pub(crate) fn point_at(&self, selector: &str) {
        let Element(id) = self.find(selector);
        self.evaluate(&format!(
            "document.querySelector({}).scrollIntoView({{block: 'center'}})",
            json!(selector)
        ));
        let origin = json!({ELEMENT: id});
        let step = json!({"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": origin});
        self.command("actions", &json!({"actions": [{"type": "pointer", "id": "mouse", "actions": [step]}]}));
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        let session = self.session.as_ref().expect("a session was started");
        self.post(&format!("{session}/{path}"), body)
    }

    fn post(&self, address: &str, body: &Value) -> Value {
        let request = self.agent.post(address).content_type("application/json");
        let mut response =
            request.send(body.to_string()).unwrap_or_else(|cause| panic!("{address}: {cause}"));
        let status = response.status();
        let text = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(status.is_success(), "{address}: {status}: {}", answer["value"]["message"]);
        answer["value"].take()
    }
}

impl Drop for WebDriver {
    fn drop(&mut self) {
        // The browser goes with its session; without an answer it goes with its driver.
        if let Some(session) = self.session.take() {
            let _ = self.agent.delete(&session).call();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
