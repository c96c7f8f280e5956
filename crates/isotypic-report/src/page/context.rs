//! What the template of a page is filled with: everything is decided here, the template only says where it stands.

use serde::Serialize;

use super::result_rows::ResultRows;
use super::wording::{Remedy, colour, how_sure, plainly, remedies};
use crate::audit_report::AuditReport;
use crate::details::AuditDetails;
use crate::example::{ExampleResult, ExampleRole};
use crate::figure::{
    ErrorCurves, ErrorScatter, Figure, GramMap, IrrepBars, OrbitFigure, SpectrumPlot, TrainedScatter, number,
};
use crate::summary::SummaryRow;
use crate::terminal::{Section, percent};

/// Seeds whose pictures stand above a Gram matrix.
const MOST_SEEDS: usize = 12;

/// A page.
#[derive(Serialize)]
pub(super) struct PageContext {
    data: String,
    version: String,
    what: &'static str,
    /// What is held out at a time.
    turn: &'static str,
    conclusion: Vec<String>,
    questions: Vec<QuestionContext>,
    extras: Vec<ExtraContext>,
    settings: Vec<(&'static str, String)>,
    notes: Vec<String>,
    command: Option<String>,
    sheet: Option<String>,
    rows: String,
    rows_left_out: usize,
    row_count: usize,
    has_details: bool,
}

/// A table that was asked for beside the errors, over all questions.
#[derive(Serialize)]
struct ExtraContext {
    id: String,
    title: &'static str,
    sentence: String,
    columns: Vec<ColumnContext>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct ColumnContext {
    heading: String,
    /// Words stand at the left of their column, numbers at the right.
    has_words: bool,
}

#[derive(Serialize)]
struct QuestionContext {
    number: usize,
    title: String,
    group: String,
    hold_out: String,
    verdicts: Vec<VerdictContext>,
    orbits: Vec<OrbitContext>,
    errors: Option<Figure>,
    scatter: Option<Figure>,
    scatter_left_out: usize,
    trained: Option<Figure>,
    table: Vec<TableRow>,
    networks: Vec<NetworkContext>,
    repairs: Vec<RepairContext>,
}

#[derive(Serialize)]
struct VerdictContext {
    arch: String,
    colour: &'static str,
    hue: usize,
    plainly: String,
    text: String,
    sure: Option<String>,
}

/// The poses of one seed.
#[derive(Serialize)]
struct OrbitContext {
    label: String,
    figure: Figure,
}

/// A row of the summary; the first two cells are the network and the number of poses.
#[derive(Serialize)]
struct TableRow {
    place: Option<usize>,
    cells: Vec<String>,
}

/// A close look at one network: where its errors come from, its worst and its best pair.
#[derive(Serialize)]
struct NetworkContext {
    arch: String,
    place: usize,
    irreps: Option<Figure>,
    irreps_poses: usize,
    irreps_left_out: usize,
    examples: Vec<ExampleContext>,
}

#[derive(Serialize)]
struct ExampleContext {
    heading: String,
    seeds: Vec<SeedContext>,
    seeds_left_out: usize,
    gram: Option<Figure>,
    spectrum: Option<Figure>,
    blocks_left_out: usize,
}

#[derive(Serialize)]
struct SeedContext {
    label: String,
    seed: usize,
}

#[derive(Serialize)]
struct RepairContext {
    arch: String,
    place: Option<usize>,
    remedies: Vec<Remedy>,
}

impl PageContext {
    pub(super) fn of(report: &AuditReport) -> Self {
        let details = report.details.as_ref();
        let rows = ResultRows::of(report);
        let sheet =
            details.and_then(|details| details.images.as_ref()).map(|images| images.seeds.png.clone());
        Self {
            data: report.settings.data.clone(),
            version: report.version.clone(),
            what: if report.settings.classes.is_empty() { "pairs" } else { "seeds" },
            turn: if report.settings.together.as_deref() == Some("class") { "class" } else { "object" },
            conclusion: report.conclusion.clone(),
            questions: (0..report.questions.len()).map(|at| question(report, at)).collect(),
            extras: Section::all(report).into_iter().map(extra).collect(),
            settings: settings(report),
            notes: report.notes.clone(),
            command: details.map(|details| details.command.clone()),
            sheet: sheet.filter(|png| !png.is_empty() && is_base64(png)),
            rows_left_out: rows.left_out,
            row_count: report.results.len(),
            rows: rows.to_json(),
            has_details: details.is_some(),
        }
    }

    /// Every figure, in the order of the page.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let of_question = |question: &QuestionContext| {
            let looks = question.networks.iter().flat_map(|network| {
                let examples = network.examples.iter().flat_map(|example| [&example.gram, &example.spectrum]);
                std::iter::once(&network.irreps).chain(examples)
            });
            let all = [&question.errors, &question.scatter, &question.trained].into_iter().chain(looks);
            question
                .orbits
                .iter()
                .map(|orbit| &orbit.figure)
                .chain(all.flatten())
                .cloned()
                .collect::<Vec<Figure>>()
        };
        self.questions.iter().flat_map(of_question).collect()
    }
}

/// A page must not hold anything else where a picture is expected.
fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

fn extra(section: Section) -> ExtraContext {
    ExtraContext {
        id: section.title.to_lowercase().replace(' ', "-"),
        title: section.title,
        columns: section
            .headings()
            .map(|(heading, has_words)| ColumnContext { heading, has_words })
            .collect(),
        sentence: section.sentence,
        rows: section.rows,
    }
}

fn question(report: &AuditReport, at: usize) -> QuestionContext {
    let asked = &report.questions[at];
    let details = report.details.as_ref();
    let prefix = format!("q{}", at + 1);
    let errors = ErrorCurves::of(report, at)
        .map(|drawn| Figure::new(&format!("{prefix}-errors"), drawn.description(), drawn.svg()));
    let scatter = ErrorScatter::of(report, at);
    let scatter_left_out = scatter.as_ref().map_or(0, |drawn| drawn.left_out);
    let scatter = scatter
        .map(|drawn| Figure::new(&format!("{prefix}-spectral-exact"), drawn.description(), drawn.svg()));
    let trained = TrainedScatter::of(report, at)
        .map(|drawn| Figure::new(&format!("{prefix}-trained"), drawn.description(), drawn.svg()));
    let strips = details.and_then(|details| details.images.as_ref()).map_or(&[][..], |images| &images.orbits);
    let orbits = strips
        .iter()
        .filter(|strip| strip.question == at)
        .filter_map(|strip| Some((strip.label.clone(), OrbitFigure::of(strip)?)))
        .map(|(label, drawn)| OrbitContext {
            label,
            figure: Figure::new(&drawn.id, drawn.description(), drawn.svg()),
        })
        .collect();
    let place = |arch: &str| report.settings.architectures.iter().position(|known| known == arch);
    let repairs = details.map_or(&[][..], |details| &details.repairs);
    QuestionContext {
        number: at + 1,
        title: capitalised(&asked.title),
        group: asked.group.clone(),
        hold_out: asked.hold_out.clone(),
        verdicts: verdicts(report, at),
        orbits,
        errors,
        scatter,
        scatter_left_out,
        trained,
        table: rows_of(report, at)
            .map(|(_, row)| TableRow { place: place(&row.arch), cells: table_row(row) })
            .collect(),
        networks: match details {
            Some(details) => {
                let archs = report.settings.architectures.iter().enumerate();
                archs.filter_map(|(place, arch)| network(report, details, (at, place), arch)).collect()
            }
            None => Vec::new(),
        },
        repairs: repairs
            .iter()
            .filter(|row| row.question == at && row.fails)
            .map(|row| RepairContext {
                arch: row.arch.clone(),
                place: place(&row.arch),
                remedies: remedies(
                    row,
                    &asked.poses,
                    report.settings.architectures.len(),
                    !report.settings.classes.is_empty(),
                ),
            })
            .collect(),
    }
}

/// The rows of a question's summary and their places in the summary.
fn rows_of(report: &AuditReport, question: usize) -> impl Iterator<Item = (usize, &SummaryRow)> {
    report.summary.iter().enumerate().filter(move |(_, row)| row.question == question)
}

fn table_row(row: &SummaryRow) -> Vec<String> {
    vec![
        row.arch.clone(),
        row.poses.to_string(),
        (row.pairs + row.seeds).to_string(),
        number(row.median_exact_error),
        number(row.median_spectral_error),
        percent(row.fraction_correct),
        number(row.median_invariance_defect),
        number(row.maximum_condition_number),
    ]
}

fn verdicts(report: &AuditReport, question: usize) -> Vec<VerdictContext> {
    use crate::verdict::Verdict;
    let what = if report.settings.classes.is_empty() { "pairs" } else { "seeds" };
    let of_arch = |row: &crate::verdict::VerdictRow| {
        let lines: Vec<(usize, &SummaryRow)> =
            rows_of(report, question).filter(|(_, line)| line.arch == row.arch).collect();
        let poses: Vec<usize> = lines.iter().map(|(_, line)| line.poses).collect();
        // The number of poses on which the verdict rests.
        let deciding = match row.verdict {
            Verdict::FailsBelow { poses } => lines.iter().find(|(_, line)| line.poses == poses),
            Verdict::Fails => lines.last(),
            Verdict::Undecided => None,
            _ => lines.first(),
        };
        let sure = deciding.and_then(|&(place, line)| {
            let spread = report.details.as_ref()?.spreads.get(place)?;
            Some(how_sure(spread, line.pairs + line.seeds, what, line.poses))
        });
        VerdictContext {
            arch: row.arch.clone(),
            colour: colour(row.verdict),
            hue: report.settings.architectures.iter().position(|arch| *arch == row.arch).unwrap_or(0) % 8,
            plainly: plainly(row.verdict, &poses),
            text: row.text.clone(),
            sure,
        }
    };
    report.verdicts.iter().filter(|row| row.question == question).map(of_arch).collect()
}

fn network(
    report: &AuditReport,
    details: &AuditDetails,
    (question, place): (usize, usize),
    arch: &str,
) -> Option<NetworkContext> {
    let prefix = format!("q{}-{}", question + 1, place + 1);
    let poses = poses_to_show(report, question, arch)?;
    // A failure says more about where errors come from than a success does.
    let failing = rows_of(report, question)
        .filter(|(_, row)| row.arch == arch && row.median_exact_error.is_some_and(|error| error > 1.0))
        .last();
    let row = failing
        .or_else(|| rows_of(report, question).find(|(_, row)| row.arch == arch && row.poses == poses))?;
    let irreps = IrrepBars::of(row.1);
    let irreps_left_out = irreps.as_ref().map_or(0, |drawn| drawn.left_out);
    let irreps =
        irreps.map(|drawn| Figure::new(&format!("{prefix}-irreps"), drawn.description(), drawn.svg()));
    let examples = details
        .examples
        .iter()
        .filter(|example| example.question == question && example.arch == arch && example.poses == poses)
        .map(|example| example_context(&prefix, example))
        .collect::<Vec<_>>();
    let irreps_poses = row.1.poses;
    if irreps.is_none() && examples.is_empty() {
        return None;
    }
    Some(NetworkContext { arch: arch.to_owned(), place, irreps, irreps_poses, irreps_left_out, examples })
}

/// The largest number of poses up to 16, else the smallest: a matrix that can be looked at.
fn poses_to_show(report: &AuditReport, question: usize, arch: &str) -> Option<usize> {
    let all: Vec<usize> =
        rows_of(report, question).filter(|(_, row)| row.arch == arch).map(|(_, row)| row.poses).collect();
    all.iter().copied().filter(|&poses| poses <= 16).max().or_else(|| all.iter().copied().min())
}

fn example_context(prefix: &str, example: &ExampleResult) -> ExampleContext {
    let (role, words) = match example.role {
        ExampleRole::Worst => ("worst", "Largest error"),
        ExampleRole::Best => ("best", "Smallest error"),
    };
    let figure = |kind: &str, description: String, svg: String| {
        Figure::new(&format!("{prefix}-{kind}-{role}"), description, svg)
    };
    // Evenly chosen, so that every class is among them.
    let (all, shown) = (example.seeds.len(), example.seeds.len().min(MOST_SEEDS));
    let seeds = (0..shown).map(|at| at * all / shown);
    ExampleContext {
        heading: format!("{words}: {} at {} poses", number(example.error), example.poses),
        seeds: seeds
            .map(|at| SeedContext { label: example.labels[at].clone(), seed: example.seeds[at] })
            .collect(),
        seeds_left_out: all - shown,
        gram: GramMap::of(example).map(|drawn| figure("gram", drawn.description(), drawn.svg())),
        spectrum: SpectrumPlot::of(example).map(|drawn| figure("spectrum", drawn.description(), drawn.svg())),
        blocks_left_out: example.blocks_left_out,
    }
}

fn settings(report: &AuditReport) -> Vec<(&'static str, String)> {
    let settings = &report.settings;
    let mut rows = vec![
        ("Data", settings.data.clone()),
        ("SHA-256 of the data", settings.data_sha256.clone()),
        ("Kernel", settings.kernel.clone()),
        ("Normalisation", settings.normalization.clone()),
        ("Ridge", settings.ridge.clone()),
        ("Convention", settings.convention.clone()),
        ("Seed of the pairs", settings.seed.to_string()),
        ("Networks", settings.architectures.join(", ")),
    ];
    if !settings.classes.is_empty() {
        rows.push(("Classes", settings.classes.join(", ")));
    }
    for question in &report.questions {
        let Some(defect) = question.homomorphism_defect else { continue };
        let exact = match defect {
            defect if defect < 1e-12 => format!("{}: exact", question.group),
            defect => format!("{}: to {}", question.group, number(Some(defect))),
        };
        rows.push(("Action", exact));
    }
    let largest = |value: fn(&SummaryRow) -> Option<f64>| {
        report.summary.iter().filter_map(value).max_by(f64::total_cmp)
    };
    rows.push(("Largest condition number", number(largest(|row| row.maximum_condition_number))));
    rows.push(("Largest median invariance defect", number(largest(|row| row.median_invariance_defect))));
    if let Some(details) = &report.details {
        let seconds = settings.architectures.iter().zip(&details.planned_seconds);
        let seconds: Vec<String> =
            seconds.filter_map(|(arch, seconds)| Some(format!("{arch} {:.1} s", (*seconds)?))).collect();
        rows.push(("Planned time of one core", seconds.join(", ")));
    }
    rows.push(("Version", report.version.clone()));
    rows.push(("Schema", report.schema.clone()));
    rows
}

/// With a capital at the start.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
