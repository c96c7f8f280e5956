//! What a reader does with a page: filter, sort, turn pages, point at marks, use the keyboard.

use std::fs;

use serde_json::{Value, json};

use crate::Check;
use crate::pages::{EVIL_CLASS, Workshop};
use crate::view::{self, SCREENS, Screen};
use crate::web_driver::WebDriver;

/// A page may not be larger (bytes).
const LARGEST_PAGE: u64 = 6_000_000;

const DESK: Screen = SCREENS[0];
const PHONE: Screen = SCREENS[2];

/// Calls back when what was changed has been drawn.
const NEXT_FRAME: &str = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";

/// So often a pointer moves to a heat map until it says its value.
const MOST_MOVES: usize = 20;

/// All facts beyond how a page looks.
pub(crate) const CHECKS: [(&str, Check); 9] = [
    ("a column sorts by its number, and back", sorts),
    ("filters choose rows and figures", filters),
    ("a hundred rows at a time of ten thousand", turns_pages),
    ("names of users are shown as they are", shows_names),
    ("a mark says its value when pointed at", says_values),
    ("a heat map says its value when pointed at", says_gram_values),
    ("the table works by keyboard on a phone", works_by_keyboard),
    ("a report without figures says so", says_what_is_missing),
    ("two audits stand side by side", compares),
];

/// The answer on the page is that of the results.
pub(crate) fn has_the_verdicts_of(browser: &WebDriver, report: &Value) {
    let shown = browser.evaluate(
        "return [...document.querySelectorAll('.verdict')].map(({dataset}) => [Number(dataset.question) - 1, dataset.arch, dataset.verdict])",
    );
    let rows = report["verdicts"].as_array().unwrap().iter();
    let expected: Vec<Value> = rows.map(|row| json!([row["question"], row["arch"], row["text"]])).collect();
    assert_eq!(shown, Value::from(expected));
}

/// The text of a column of the rows that are shown.
fn column(browser: &WebDriver, name: &str) -> Vec<String> {
    let script = format!(
        "const at = [...document.querySelectorAll('#rows th')].findIndex((th) => th.textContent.startsWith({}));
         return [...document.querySelectorAll('#rows tbody tr')].map((row) => row.cells[at].textContent)",
        json!(name)
    );
    texts(&browser.evaluate(&script))
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The button at the head of a column.
fn head(browser: &WebDriver, name: &str) -> String {
    let script = format!(
        "return [...document.querySelectorAll('#rows th')].findIndex((th) => th.textContent.startsWith({})) + 1",
        json!(name)
    );
    format!("#rows th:nth-child({}) button", browser.evaluate(&script))
}

fn choose(browser: &WebDriver, filter: &str, option: &str) {
    browser.type_into(&format!("#filter-{filter}"), option);
}

fn row_count(browser: &WebDriver) -> String {
    browser.evaluate("return document.querySelector('#row-count').textContent").as_str().unwrap().to_owned()
}

fn exact_errors(report: &Value) -> Vec<f64> {
    report["results"].as_array().unwrap().iter().filter_map(|row| row["exact_error"].as_f64()).collect()
}

fn sorts(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("pairs"), DESK);
    let mut expected = exact_errors(&shop.results("pairs"));
    expected.sort_by(f64::total_cmp);
    let close = |shown: &[f64]| {
        assert_eq!(shown.len(), expected.len());
        for (shown, expected) in shown.iter().zip(&expected) {
            assert!((shown - expected).abs() < 1e-3, "{shown} for {expected}");
        }
    };
    let largest_first = numbers(&column(browser, "Exact error"));
    close(&largest_first.iter().rev().copied().collect::<Vec<_>>());
    let head = head(browser, "Exact error");
    browser.click(&head);
    close(&numbers(&column(browser, "Exact error")));
    let sorted = "return document.querySelector('#rows th[aria-sort=ascending]').textContent";
    assert_eq!(browser.evaluate(sorted), "Exact error");
    browser.click(&head);
    assert_eq!(numbers(&column(browser, "Exact error")), largest_first);
    // What has no number stands last in both directions.
    view::open(browser, &shop.page("missing"), DESK);
    for _ in 0..2 {
        let shown = column(browser, "Exact error");
        let first_missing = shown.iter().position(|text| text == "–").unwrap();
        assert!(first_missing > 0 && shown[first_missing..].iter().all(|text| text == "–"), "{shown:?}");
        browser.click(&head);
    }
}

fn filters(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("pairs"), DESK);
    let report = shop.results("pairs");
    let results = report["results"].as_array().unwrap();
    let count = |keep: &dyn Fn(&Value) -> bool| results.iter().filter(|row| keep(row)).count();
    let of = |kept: usize| format!("{kept} of {} results", results.len());
    assert_eq!(row_count(browser), of(results.len()));
    choose(browser, "arch", "cnn");
    assert_eq!(row_count(browser), of(count(&|row| row["arch"] == "cnn")));
    assert!(column(browser, "Network").iter().all(|name| name == "cnn"));
    choose(browser, "poses", "16");
    let kept = count(&|row| row["arch"] == "cnn" && row["poses"] == 16);
    assert_eq!(row_count(browser), of(kept));
    browser.click("#filter-wrong");
    let is_right = |row: &Value| row["correct_a"] == true && row["correct_b"] == true;
    let wrong = count(&|row| row["arch"] == "cnn" && row["poses"] == 16 && !is_right(row));
    assert!(wrong > 0 && wrong < kept, "{wrong} of {kept}");
    assert_eq!(row_count(browser), of(wrong));
    // The figures show the same choice.
    let shown = |selector: &str| {
        let script = "return [...document.querySelectorAll(SELECTOR)].filter((mark) => {
            const gone = mark.closest('.filtered');
            return !gone || getComputedStyle(gone).display !== 'none';
        }).length";
        browser.evaluate(&script.replace("SELECTOR", &json!(selector).to_string()))
    };
    let has_both = |row: &Value| row["spectral_error"].is_number() && row["exact_error"].is_number();
    assert!(results.iter().all(has_both));
    assert_eq!((shown("path.mark.wrong"), shown("circle.mark.right")), (json!(wrong), json!(0)));
    assert_eq!(shown("details.network:not(.filtered)"), json!(1));
    assert_eq!(shown("g[data-arch='0']"), json!(0));
    assert_eq!(
        browser.evaluate("return document.querySelector('.repair:not(.filtered) h4').textContent"),
        "cnn"
    );
    browser.click("#filter-wrong");
    assert_eq!(shown("circle.mark.right"), json!(kept - wrong));
    for filter in ["arch", "poses"] {
        choose(browser, filter, "all");
    }
    // One pair of classes.
    let own = &results[0];
    let mut names = ["label_a", "label_b"].map(|side| own[side].as_str().unwrap());
    names.sort_unstable();
    let is_of_pair = |row: &Value| {
        let mut classes = ["label_a", "label_b"].map(|side| row[side].as_str().unwrap());
        classes.sort_unstable();
        classes == names
    };
    choose(browser, "classes", &names.join(" – "));
    let kept = count(&is_of_pair);
    assert_eq!(row_count(browser), of(kept));
    assert_eq!(shown("[data-classes]"), json!(kept));
    view::quiet(browser, &shop.page("pairs"));
}

fn turns_pages(browser: &WebDriver, shop: &Workshop) {
    let size = fs::metadata(shop.page("many")).unwrap().len();
    assert!(size < LARGEST_PAGE, "{size} bytes");
    view::open(browser, &shop.page("many"), DESK);
    let mut all = exact_errors(&shop.results("many"));
    all.sort_by(|a, b| b.total_cmp(a));
    for page in 0..3 {
        let shown = numbers(&column(browser, "Exact error"));
        assert_eq!(shown.len(), 100);
        for (shown, expected) in shown.iter().zip(&all[100 * page..]) {
            assert!((shown - expected).abs() < 1e-3, "{shown} for {expected}");
        }
        browser.click("#next");
    }
    let place = browser.evaluate("return document.querySelector('#page-of').textContent");
    assert_eq!(place, "page 4 of 100");
    browser.click("#previous");
    assert_eq!(browser.evaluate("return document.querySelector('#page-of').textContent"), "page 3 of 100");
}

fn shows_names(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("names"), DESK);
    assert_ne!(browser.evaluate("return document.title"), "evil");
    assert_eq!(browser.evaluate("return document.scripts.length"), 2);
    assert_eq!(browser.evaluate("return document.querySelectorAll('[onerror], img:not(#sheet)').length"), 0);
    assert!(column(browser, "Classes").iter().any(|text| text.contains(EVIL_CLASS)));
    assert!(column(browser, "Network").iter().all(|text| text == "<img src=x onerror=alert(1)>.toml"));
}

/// The text of the box beside the pointer, empty if it is hidden.
fn tip(browser: &WebDriver) -> String {
    // Moves of the pointer are handed to the page with the next frame.
    browser.wait_for(NEXT_FRAME);
    let shown = browser.evaluate(
        "const tip = document.querySelector('#tip'); return tip.checkVisibility() ? tip.textContent : ''",
    );
    shown.as_str().unwrap().to_owned()
}

fn says_values(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("pairs"), DESK);
    assert_eq!(tip(browser), "");
    // The last curve lies over the others.
    browser.point_at("#question-1 g[data-arch='2'] .mark.dot");
    let text = tip(browser);
    assert!(text.starts_with("cnn, 2 poses: median error "), "{text}");
    let inside = "const box = document.querySelector('#tip').getBoundingClientRect();
        return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight";
    assert_eq!(browser.evaluate(inside), true);
    browser.point_at("h1");
    assert_eq!(tip(browser), "");
}

fn says_gram_values(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("pairs"), DESK);
    // The picture is decoded in the meantime; a move of the pointer asks again.
    let says = || {
        browser.point_at("h1");
        browser.point_at(".gram");
        tip(browser)
    };
    let text = (0..MOST_MOVES).map(|_| says()).find(|text| text.contains("about"));
    let text = text.unwrap_or_else(says);
    let (place, value) = text.split_once(": about ").unwrap_or_else(|| panic!("{text}"));
    let side: usize = browser
        .evaluate("return document.querySelector('.gram').dataset.side")
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // The middle lies on the border of two rows.
    let near = [side / 2 - 1, side / 2].map(|at| format!("row {at}, column {at}"));
    assert!(near.iter().any(|expected| expected == place), "{place}");
    let range = browser.evaluate(
        "const {low, high} = document.querySelector('.gram').dataset; return [Number(low), Number(high)]",
    );
    let value: f64 = value.parse().unwrap();
    let (low, high) = (range[0].as_f64().unwrap(), range[1].as_f64().unwrap());
    assert!(value > low && value <= high * 1.001, "{value} of {range}");
}

fn works_by_keyboard(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("pairs"), PHONE);
    let head = head(browser, "Poses");
    browser.type_into(&head, "\u{e007}");
    let shown = numbers(&column(browser, "Poses"));
    assert!(shown.is_sorted(), "{shown:?}");
    // What is wider than the screen can be reached and moved without a pointer.
    let boxes = "return [...document.querySelectorAll('.scroll')].filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth && box.tabIndex !== 0).length";
    browser.wait_for(NEXT_FRAME);
    assert_eq!(browser.evaluate(boxes), 0);
}

fn says_what_is_missing(browser: &WebDriver, shop: &Workshop) {
    view::open(browser, &shop.page("before"), DESK);
    let text = browser.evaluate("return document.querySelector('#settings').innerText");
    assert!(text.as_str().unwrap().contains("kept no figures"), "{text}");
}

fn compares(browser: &WebDriver, shop: &Workshop) {
    let page = shop.comparison("pairs", "questions");
    for screen in SCREENS {
        view::open(browser, &page, screen);
        let faults = view::faults(browser);
        view::keep_picture(browser, "comparison", screen);
        assert!(faults.is_empty(), "{}", faults.join("\n  "));
    }
}
