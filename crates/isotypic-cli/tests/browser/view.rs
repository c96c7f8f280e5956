//! One page in the browser, at one width and in one colour scheme.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::{Value, json};

use crate::web_driver::WebDriver;

/// Pictures of whole pages go to the folder that this variable names.
const PICTURES: &str = "ISOTYPIC_SCREENSHOTS";

/// Calls back once the page's script has drawn.
const READY: &str = "\
const done = arguments[arguments.length - 1], root = document.documentElement;
if (root.dataset.ready) { done(true); return; }
new MutationObserver((_, observer) => { if (root.dataset.ready) { observer.disconnect(); done(true); } })
  .observe(root, { attributes: true });";

/// A screen.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    height: u32,
    is_phone: bool,
    scheme: &'static str,
}

/// A phone and a desk, in the light and in the dark.
pub(crate) const SCREENS: [Screen; 4] = [
    Screen { width: 1440, height: 900, is_phone: false, scheme: "light" },
    Screen { width: 1440, height: 900, is_phone: false, scheme: "dark" },
    Screen { width: 390, height: 844, is_phone: true, scheme: "light" },
    Screen { width: 390, height: 844, is_phone: true, scheme: "dark" },
];

/// Opens a page on a screen and waits until it has drawn; fails on any line in the console and any request.
pub(crate) fn open(browser: &WebDriver, page: &Path, screen: Screen) {
    browser.devtools(
        "Emulation.setDeviceMetricsOverride",
        &json!({"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.is_phone}),
    );
    // Without motion a click meets its target at once.
    let features = json!([
        {"name": "prefers-color-scheme", "value": screen.scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]);
    browser.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    for kind in ["browser", "performance"] {
        browser.log(kind);
    }
    browser.open(page);
    browser.wait_for(READY);
    assert_eq!(browser.evaluate("return window.innerWidth"), screen.width, "the screen is not used");
    quiet(browser, page);
}

/// Fails if the page said something in the console, or asked for anything but itself.
pub(crate) fn quiet(browser: &WebDriver, page: &Path) {
    let console = browser.log("browser");
    assert!(console.is_empty(), "console: {console:?}");
    let own = format!("file://{}", page.display());
    for entry in browser.log("performance") {
        let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
        let event = &event["message"];
        if event["method"] == "Network.requestWillBeSent" {
            let address = event["params"]["request"]["url"].as_str().unwrap();
            assert!(address == own || address.starts_with("data:"), "request to {address}");
        }
    }
}

/// Everything that is wrong with how the page is laid out.
pub(crate) fn faults(browser: &WebDriver) -> Vec<String> {
    let found = browser.evaluate(include_str!("layout.js"));
    found.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
}

/// Keeps a picture of the whole page where somebody asked for it.
pub(crate) fn keep_picture(browser: &WebDriver, name: &str, screen: Screen) {
    let Some(folder) = env::var_os(PICTURES).map(PathBuf::from) else { return };
    let shot = browser.devtools(
        "Page.captureScreenshot",
        &json!({"format": "png", "captureBeyondViewport": true, "optimizeForSpeed": true}),
    );
    let png = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}-{}-{}.png", screen.width, screen.scheme)), png).unwrap();
}
