//! The columns that CSV and workbook share.
