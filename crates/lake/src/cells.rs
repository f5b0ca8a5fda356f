//! Columns of plain values as Arrow arrays, and back.

use std::sync::Arc;

use deltalake::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use deltalake::arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};

/// Microseconds of milliseconds; times beyond what the tables can hold stay at the end of it.
pub(crate) fn micros(ms: i64) -> i64 {
    ms.saturating_mul(1000)
}

pub(crate) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub(crate) fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

pub(crate) fn numbers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// Days since 1970-01-01.
pub(crate) fn days(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// Times from UTC milliseconds since 1970.
pub(crate) fn times(values_ms: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let micros = values_ms.map(|ms| ms.map(micros));
    Arc::new(
        micros
            .collect::<TimestampMicrosecondArray>()
            .with_timezone("UTC"),
    )
}

/// The columns of a batch by their names. A column that is not there, or of another type, is empty.
pub(crate) struct Cells<'a> {
    pub(crate) batch: &'a RecordBatch,
}

impl<'a> Cells<'a> {
    fn column(&self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name)
    }

    pub(crate) fn text(&self, name: &str) -> impl Fn(usize) -> Option<String> + use<'a> {
        let column = self.column(name).and_then(|it| it.as_string_opt::<i32>());
        move |at| {
            column
                .filter(|it| it.is_valid(at))
                .map(|it| it.value(at).to_owned())
        }
    }

    pub(crate) fn flag(&self, name: &str) -> impl Fn(usize) -> Option<bool> + use<'a> {
        let column = self.column(name).and_then(|it| it.as_boolean_opt());
        move |at| column.filter(|it| it.is_valid(at)).map(|it| it.value(at))
    }

    pub(crate) fn number(&self, name: &str) -> impl Fn(usize) -> Option<i64> + use<'a> {
        let column = self
            .column(name)
            .and_then(|it| it.as_primitive_opt::<Int64Type>());
        move |at| column.filter(|it| it.is_valid(at)).map(|it| it.value(at))
    }

    /// Days since 1970-01-01.
    pub(crate) fn day(&self, name: &str) -> impl Fn(usize) -> Option<i32> + use<'a> {
        let column = self
            .column(name)
            .and_then(|it| it.as_primitive_opt::<Date32Type>());
        move |at| column.filter(|it| it.is_valid(at)).map(|it| it.value(at))
    }

    /// UTC milliseconds since 1970.
    pub(crate) fn time_ms(&self, name: &str) -> impl Fn(usize) -> Option<i64> + use<'a> {
        let column = self
            .column(name)
            .and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
        move |at| {
            column
                .filter(|it| it.is_valid(at))
                .map(|it| it.value(at).div_euclid(1000))
        }
    }
}
