//! Results as pictures.

mod bars;
mod further;
mod spread;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::failure::Failure;
use crate::scenario::all::All;

pub use further::{mixed, requests, ways};

const SIZE: (u32, u32) = (860, 420);
const COLOURS: [RGBColor; 4] =
    [RGBColor(33, 102, 172), RGBColor(178, 24, 43), RGBColor(103, 169, 207), RGBColor(239, 138, 98)];

/// A line of a picture.
struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

/// What stands at a picture's edges.
struct Titles {
    caption: &'static str,
    x: &'static str,
    y: &'static str,
}

/// Latencies by rate, as an SVG image.
///
/// # Errors
/// [`Failure::Plot`].
pub fn latency(all: &All) -> Result<String, Failure> {
    let line = |name, of: fn(&crate::scenario::online::Online) -> f64| Line {
        name,
        points: all.latency.iter().map(|online| (online.offered.unwrap_or(online.rate), of(online))).collect(),
    };
    let lines = [
        line("delivered, p50", |online| online.deliver.p50_ms),
        line("delivered, p99", |online| online.deliver.p99_ms),
        line("accepted, p50", |online| online.accept.p50_ms),
        line("accepted, p99", |online| online.accept.p99_ms),
    ];
    svg(&Titles { caption: "Latency by rate, TLS", x: "deposits a second", y: "ms" }, &lines)
}

/// Memory by connections that wait, as an SVG image.
///
/// # Errors
/// [`Failure::Plot`].
pub fn memory(all: &All) -> Result<String, Failure> {
    let line = |name, points: &[crate::scenario::idle::Idle]| Line {
        name,
        points: points
            .iter()
            .map(|idle| {
                let more = idle.after_bytes as f64 - idle.before_bytes as f64;
                (f64::from(idle.connections), more / (1024.0 * 1024.0))
            })
            .collect(),
    };
    let lines = [line("without TLS", &all.idle), line("TLS", &all.idle_tls)];
    svg(&Titles { caption: "Memory of collectors that wait", x: "collectors", y: "MiB above an idle relay" }, &lines)
}

fn svg(titles: &Titles, lines: &[Line]) -> Result<String, Failure> {
    svg_of(SIZE, |area| draw(area, titles, lines))
}

/// An image of that size with what `draw` draws.
fn svg_of(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn,
) -> Result<String, Failure> {
    let mut image = String::new();
    {
        let area = SVGBackend::with_string(&mut image, size).into_drawing_area();
        draw(&area).map_err(|error| Failure::Plot(error.to_string()))?;
        area.present().map_err(|error| Failure::Plot(error.to_string()))?;
    }
    image.push('\n');
    Ok(image)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, titles: &Titles, lines: &[Line]) -> Drawn {
    area.fill(&WHITE)?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|point| point.0).fold(1.0, f64::max) * 1.05;
    let top = points().map(|point| point.1).fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption(titles.caption, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    let number = |value: &f64| format!("{value:.0}");
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT).x_desc(titles.x).y_desc(titles.y).label_style(("sans-serif", 13));
    mesh.x_label_formatter(&number).draw()?;
    for (line, colour) in lines.iter().zip(COLOURS) {
        let drawn = chart.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?;
        drawn.label(line.name).legend(move |(x, y)| Rectangle::new([(x, y - 2), (x + 16, y + 2)], colour.filled()));
        chart.draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    legend.label_font(("sans-serif", 13)).draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::latency::Latency;

    #[test]
    fn each_line_is_drawn_and_named() {
        let lines = [
            Line { name: "one", points: vec![(0.0, 1.0), (10.0, 20.0)] },
            Line { name: "two", points: vec![(0.0, 0.0), (10.0, 0.0)] },
        ];
        let image = svg(&Titles { caption: "a caption", x: "x", y: "y" }, &lines).unwrap();
        assert!(image.starts_with("<svg") && ["a caption", "one", "two"].iter().all(|text| image.contains(text)));
    }

    #[test]
    fn distributions_are_drawn_by_percentile_and_amounts_with_their_parts() {
        let titles = Titles { caption: "a caption", x: "x", y: "y" };
        let mut latency = Latency::default();
        (1..=1_000).for_each(|each| latency.record(each * 1_000_000));
        let image = spread::svg(&titles, &[("one", latency.spread()), ("none", Latency::default().spread())]).unwrap();
        assert!(["one", "none", "p99.9"].iter().all(|text| image.contains(text)));
        let bars = [("first".to_owned(), vec![1.0, 2.0]), ("second".to_owned(), vec![3.0])];
        let image = bars::svg(&titles, &["this", "that"], &bars).unwrap();
        assert!(["first", "second", "this", "that"].iter().all(|text| image.contains(text)));
    }
}
