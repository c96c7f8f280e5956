//! Pictures of seeds and orbits for a page: small PNG files.

use std::collections::BTreeSet;

use base64::Engine;
use isotypic_data::LabelledImages;
use isotypic_orbit::{Normalization, OrbitDataset, OrbitLayout};
use isotypic_report::{ExampleResult, OrbitStrip, ReportedImages, ReportedResult, SeedSheet};
use ndarray::{Array3, ArrayView3, s};

use super::job::Job;
use super::question::Question;
use super::subjects::{Poses, Subjects};
use crate::Error;

/// Larger images are averaged down to this many pixels a side.
const LARGEST_PICTURE: usize = 56;

/// Seeds on one sheet.
const MOST_SEEDS: usize = 400;

/// Pictures in a row of the sheet.
const SHEET_COLUMNS: usize = 20;

/// Poses of a strip, evenly chosen; held-out ones come on top.
const MOST_POSES: usize = 28;

/// Orbits shown of one question.
const MOST_ORBITS: usize = 16;

/// Numbers of poses up to this one look like an orbit rather than like a film.
const GOOD_TO_SEE: usize = 16;

/// The number of poses at which the orbits of a question are shown.
pub(crate) fn poses_to_show(question: &Question) -> usize {
    let few = question.poses.iter().copied().filter(|&poses| poses <= GOOD_TO_SEE).max();
    few.or_else(|| question.poses.iter().copied().min()).unwrap_or(1)
}

/// Sheets and strips; `None` where the points are no images.
pub(crate) fn pictures(
    job: &Job,
    examples: &[ExampleResult],
    results: &[ReportedResult],
) -> Result<Option<ReportedImages>, Error> {
    let Subjects::Images(images) = &job.subjects else { return Ok(None) };
    let mut orbits = Vec::new();
    for (index, question) in job.questions.iter().enumerate() {
        orbits.extend(strips(images, index, question, examples)?);
    }
    let shown = examples.iter().flat_map(|example| example.seeds.iter().copied());
    let others = results.iter().flat_map(|result| match result {
        ReportedResult::Pair(pair) => vec![pair.a, pair.b],
        ReportedResult::Seed(seed) => vec![seed.seed],
        _ => Vec::new(),
    });
    let mut known = BTreeSet::new();
    let mut indices = Vec::new();
    for seed in shown.chain(others) {
        if indices.len() < MOST_SEEDS && known.insert(seed) {
            indices.push(seed);
        }
    }
    Ok(Some(ReportedImages { seeds: sheet(images, indices)?, orbits }))
}

/// The orbits of the examples of one question, each seed once.
fn strips(
    images: &LabelledImages,
    index: usize,
    question: &Question,
    examples: &[ExampleResult],
) -> Result<Vec<OrbitStrip>, Error> {
    let poses = poses_to_show(question);
    let at = question.at(poses)?;
    let Poses::Action(spec) = &at else { return Ok(Vec::new()) };
    let action = spec.resolve(images.image_shape())?;
    let order = action.group().order();
    let mut strips: Vec<OrbitStrip> = Vec::new();
    for example in examples.iter().filter(|example| example.question == index && example.poses == poses) {
        let layout = OrbitLayout::new(example.seeds.len(), order);
        let hold_out = question.hold_out.resolve(action.group(), layout)?;
        // Of many evenly chosen ones, so that every class is among them.
        let (all, shown) = (example.seeds.len(), example.seeds.len().min(MOST_ORBITS));
        for side in (0..shown).map(|at| at * all / shown) {
            let seed = example.seeds[side];
            if strips.len() == MOST_ORBITS || strips.iter().any(|strip| strip.seed == seed) {
                continue;
            }
            let set = hold_out.for_seed(side)?;
            let held_out: Vec<usize> =
                set.points().filter(|point| point.0 == side).map(|point| point.1).collect();
            let elements = elements_shown(order, &held_out);
            let label = images.labels().indices()[seed];
            let image = images.images(&[seed])?;
            let orbit = OrbitDataset::sample(&image, &[label], action.as_ref(), &Normalization::none())?;
            let range = Range::of(images.image(seed)?.view());
            let pictures: Vec<Picture> = elements
                .iter()
                .map(|&element| Picture::of(orbit.images().slice(s![element, .., .., ..]), &range))
                .collect();
            let (width, height) = (pictures[0].width, pictures[0].height);
            strips.push(OrbitStrip {
                question: index,
                seed,
                label: images.labels().classes()[label].clone(),
                group: question.group_at(poses),
                poses: order,
                held_out: elements.iter().copied().filter(|element| held_out.contains(element)).collect(),
                png: encode(&pictures, elements.len()),
                elements,
                width,
                height,
            });
        }
    }
    Ok(strips)
}

/// Evenly chosen elements, and held-out ones if they are few.
fn elements_shown(order: usize, held_out: &[usize]) -> Vec<usize> {
    let shown = order.min(MOST_POSES);
    let evenly = (0..shown).map(|at| at * order / shown);
    let all: BTreeSet<usize> = evenly.chain(held_out.iter().copied().take(4)).collect();
    all.into_iter().collect()
}

fn sheet(images: &LabelledImages, indices: Vec<usize>) -> Result<SeedSheet, Error> {
    let pictures = indices
        .iter()
        .map(|&seed| {
            let image = images.image(seed)?;
            Ok(Picture::of(image.view(), &Range::of(image.view())))
        })
        .collect::<Result<Vec<Picture>, Error>>()?;
    let columns = SHEET_COLUMNS.min(indices.len()).max(1);
    let (width, height) = pictures.first().map_or((0, 0), |picture| (picture.width, picture.height));
    Ok(SeedSheet { indices, columns, width, height, png: encode(&pictures, columns) })
}

/// The values that are black and white.
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    fn of(image: ArrayView3<'_, f64>) -> Self {
        let low = image.iter().copied().fold(f64::INFINITY, f64::min);
        let high = image.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { low, high }
    }

    /// 0 to 255; interpolation may leave the range.
    fn level(&self, value: f64) -> u8 {
        let range = if self.high > self.low { self.high - self.low } else { 1.0 };
        (255.0 * ((value - self.low) / range).clamp(0.0, 1.0)).round() as u8
    }
}

/// Pixels as bytes, one per pixel or three.
struct Picture {
    width: usize,
    height: usize,
    channels: usize,
    pixels: Array3<u8>,
}

impl Picture {
    /// Three channels are colours; of any other number the mean is shown.
    fn of(image: ArrayView3<'_, f64>, range: &Range) -> Self {
        let (rows, columns, depth) = image.dim();
        let step = rows.max(columns).div_ceil(LARGEST_PICTURE).max(1);
        let (height, width) = (rows.div_ceil(step), columns.div_ceil(step));
        let channels = if depth == 3 { 3 } else { 1 };
        let pixels = Array3::from_shape_fn((height, width, channels), |(y, x, channel)| {
            let patch = image.slice(s![
                y * step..((y + 1) * step).min(rows),
                x * step..((x + 1) * step).min(columns),
                ..
            ]);
            let mean = match channels {
                3 => patch.slice(s![.., .., channel]).mean(),
                _ => patch.mean(),
            };
            range.level(mean.unwrap_or(range.low))
        });
        Self { width, height, channels, pixels }
    }
}

/// Pictures of one size in rows of `columns`, as PNG in base64; empty for no pictures.
fn encode(pictures: &[Picture], columns: usize) -> String {
    let Some(first) = pictures.first() else { return String::new() };
    let (width, height, channels) = (first.width, first.height, first.channels);
    let rows = pictures.len().div_ceil(columns);
    let mut bytes = vec![0_u8; rows * height * columns * width * channels];
    for (at, picture) in pictures.iter().enumerate() {
        let (top, left) = (at / columns * height, at % columns * width);
        for ((y, x, channel), &value) in picture.pixels.indexed_iter() {
            bytes[((top + y) * columns * width + left + x) * channels + channel] = value;
        }
    }
    let in_memory = "writing as many bytes as the size asks for to memory does not fail";
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, (columns * width) as u32, (rows * height) as u32);
    encoder.set_color(if channels == 3 { png::ColorType::Rgb } else { png::ColorType::Grayscale });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().expect(in_memory);
    writer.write_image_data(&bytes).expect(in_memory);
    writer.finish().expect(in_memory);
    base64::engine::general_purpose::STANDARD.encode(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> (u32, u32, Vec<u8>) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        pixels.truncate(info.buffer_size());
        (info.width, info.height, pixels)
    }

    #[test]
    fn pictures_stand_side_by_side_in_rows() {
        let image = |value: f64| Array3::from_shape_fn((2, 3, 1), |(y, x, _)| value + (y * 3 + x) as f64);
        let range = Range { low: 0.0, high: 255.0 };
        let pictures: Vec<Picture> =
            [0.0, 100.0, 200.0].map(|value| Picture::of(image(value).view(), &range)).into();
        let (width, height, pixels) = decode(&encode(&pictures, 2));
        assert_eq!((width, height), (6, 4));
        assert_eq!(pixels[..6], [0, 1, 2, 100, 101, 102]);
        assert_eq!(pixels[12..18], [200, 201, 202, 0, 0, 0]);
    }

    #[test]
    fn colours_stay_colours_and_other_channels_are_averaged() {
        let range = Range { low: 0.0, high: 10.0 };
        let image = Array3::from_shape_fn((1, 1, 3), |(_, _, channel)| channel as f64 * 5.0);
        assert_eq!(decode(&encode(&[Picture::of(image.view(), &range)], 1)).2, [0, 128, 255]);
        let image = Array3::from_shape_fn((1, 1, 2), |(_, _, channel)| channel as f64 * 10.0);
        assert_eq!(decode(&encode(&[Picture::of(image.view(), &range)], 1)).2, [128]);
    }

    #[test]
    fn large_images_are_averaged_down() {
        let image = Array3::from_elem((113, 60, 1), 3.0);
        let picture = Picture::of(image.view(), &Range { low: 0.0, high: 3.0 });
        assert_eq!((picture.height, picture.width), (38, 20));
        assert!(picture.pixels.iter().all(|&level| level == 255));
    }

    #[test]
    fn held_out_poses_are_among_those_shown() {
        assert_eq!(elements_shown(4, &[0]), [0, 1, 2, 3]);
        let many = elements_shown(100, &[1, 2]);
        assert!(many.contains(&1) && many.contains(&2) && many.len() <= MOST_POSES + 2);
    }
}
