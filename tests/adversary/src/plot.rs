//! The linking table as a picture.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::life::{Automatic, System};
use crate::report::{Report, Row};

/// What is drawn of each row, with its colour.
const BARS: [(&str, RGBColor); 4] = [
    ("people", RGBColor(178, 24, 43)),
    ("named", RGBColor(239, 138, 98)),
    ("profiles", RGBColor(103, 169, 207)),
    ("conversations", RGBColor(190, 190, 190)),
];
const SIZE: (u32, u32) = (1_280, 460);
const WIDTH: f64 = 0.19;
/// Per cent, and room for the legend above.
const HEIGHT: f64 = 138.0;

/// An SVG image.
///
/// # Errors
///
/// None that is known of: it is drawn into memory.
pub fn svg(report: &Report) -> Result<String, String> {
    let mut image = String::new();
    {
        let area = SVGBackend::with_string(&mut image, SIZE).into_drawing_area();
        draw(&area, report).map_err(|error| error.to_string())?;
        area.present().map_err(|error| error.to_string())?;
    }
    image.push('\n');
    Ok(image)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, report: &Report) -> Drawn {
    area.fill(&WHITE)?;
    let title = format!("What a curious relay links: {} people, {} days", report.people, report.days);
    let rows = report.rows.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(56)
        .build_cartesian_2d(-0.5..rows - 0.5, 0.0..HEIGHT)?;
    let label = |at: &f64| report.rows.get(at.round() as usize).map(short).unwrap_or_default();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(7)
        .y_label_formatter(&|share| format!("{share:.0}"))
        .x_labels(report.rows.len())
        .x_label_formatter(&label)
        .y_desc("linked, %")
        .label_style(("sans-serif", 13))
        .draw()?;
    for (index, (name, colour)) in BARS.into_iter().enumerate() {
        let left = |row: usize| row as f64 + (index as f64 - 2.0) * WIDTH;
        let share =
            |row: &Row| row.shown().iter().find(|(of, _)| *of == name).map_or(0.0, |(_, of)| 100.0 * of.share());
        let bars = report.rows.iter().enumerate();
        let bars =
            bars.map(|(at, row)| Rectangle::new([(left(at), 0.0), (left(at) + WIDTH, share(row))], colour.filled()));
        let series = chart.draw_series(bars)?.label(name);
        series.legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], colour.filled()));
        let number = |(at, row): (usize, &Row)| {
            let text = format!("{:.0}", share(row));
            Text::new(text, (left(at) + 0.02, share(row) + 3.5), ("sans-serif", 11))
        };
        chart.draw_series(report.rows.iter().enumerate().map(number))?;
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    legend.label_font(("sans-serif", 13)).draw()?;
    Ok(())
}

fn short(row: &Row) -> String {
    let system = match row.system {
        System::Signal => "one mailbox",
        System::Together => "together",
        System::Apart => "apart",
    };
    let automatic = match row.automatic {
        Automatic::Nothing => "",
        Automatic::Receipts => " + receipts",
        Automatic::Typing => " + typing",
    };
    format!("{system}{automatic}")
}
