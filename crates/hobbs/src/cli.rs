//! What can be said on the command line. Nothing here knows the world.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use hobbs_metrics::Slice;
use hobbs_tenant::{Corpus, FaultRate};
use jiff::civil::Date;

/// How Microsoft 365 Copilot is really used, interaction by interaction.
#[derive(Debug, Parser)]
#[command(
    name = "hobbs",
    version,
    propagate_version = true,
    after_help = "Try it without a tenant:  hobbs demo\nStart with your own:      hobbs init, then hobbs doctor, then hobbs sync\n\nExit codes: 0 whole, 1 failed, 2 wrong use or configuration, 3 partial, 4 the lake is damaged (lake check)."
)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The configuration [default: ./hobbs.toml, then the user's own]
    #[arg(long, global = true, env = "HOBBS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the lake is: a folder, abfss://… or s3://…
    #[arg(long, global = true, env = "HOBBS_LAKE", value_name = "PLACE")]
    pub lake: Option<String>,
    /// Which of the configured tenants
    #[arg(long, global = true, env = "HOBBS_TENANT", value_name = "NAME")]
    pub tenant: Option<String>,
    /// Results as JSON on stdout, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Log to stderr; twice for more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything on a simulated tenant: sync, summary, workbook
    ///
    /// Starts a simulated tenant on this machine, signs in to it with a fresh certificate over
    /// real HTTP, reads its interactions into a lake, prints the summary and writes a workbook.
    /// Needs no configuration and no network.
    Demo(Demo),
    /// Set up: certificate, hobbs.toml, and what to do in Entra
    ///
    /// Asks for the tenant and the app (or takes them as flags), makes a certificate that signs in
    /// without a person, writes hobbs.toml, and prints what to click in Entra.
    Init(Init),
    /// Check sign-in, permissions, licenses, clock, lake and pace
    Doctor,
    /// Read new interactions into the lake
    ///
    /// Asks each licensed user's history for what is new since the last sync (all of it for new
    /// users), and reads the last 24 hours again, since items can appear late. May be interrupted
    /// at any time: what is whole is kept, and the next sync goes on. People and licenses are read
    /// first, Microsoft's usage reports last. In tenants of 10,000 users and more these come before
    /// the histories: who was not active by them is asked later, within 7 days at the most ([sync]
    /// in hobbs.toml).
    Sync(Sync),
    /// Figures of what the lake holds: table, JSON, CSV, workbook or page
    ///
    /// "Automatic" are interactions with a strong sign that nobody asked for them; `--format csv`
    /// and `xlsx` name the sign of each. Every report says which users and days it does not cover.
    Report(Report),
    /// Microsoft's usage report beside the interactions, and why the two differ
    ///
    /// For each user and app: the last activity date, prompts and active days that Microsoft reports,
    /// what the interactions say, and a reason for each difference. What no fact explains is listed
    /// as unexplained. Needs the usage reports that `hobbs sync` reads (permission Reports.Read.All).
    Reconcile(Reconcile),
    /// Who holds a license and does not use it, who has none and would, what a typed exchange costs
    ///
    /// With the evidence for each. hobbs only reads: `--format csv` writes a proposal for whoever
    /// changes licenses.
    Licenses(Licenses),
    /// Ask the lake in SQL
    ///
    /// Tables: interactions, exchanges, conversations, resources, users (history), people (as they
    /// are now), licenses, license_assignments, usage_reports, usage_summary, usage_trend, runs,
    /// coverage; `hobbs query "SHOW TABLES"` says what a row of each is. Only queries that read are
    /// run.
    ///
    /// A row that is wider than the terminal is shown as a list of its columns.
    #[command(
        after_help = "Examples:\n  hobbs query \"SELECT app, count(*) FROM interactions GROUP BY app ORDER BY 2 DESC\"\n  hobbs query \"SELECT * FROM interactions\" --format parquet -o all.parquet"
    )]
    Query(Query),
    /// Figures that anyone can check: their definitions, their SQL, their numbers
    Metrics {
        /// What to do.
        #[command(subcommand)]
        command: Metrics,
    },
    /// Who really asked: the rules, what they see, what would change
    Rules {
        /// What to do.
        #[command(subcommand)]
        command: Rules,
    },
    /// Bring pages saved from Graph into the lake, with no tenant at hand
    ///
    /// Takes JSON as Graph answers it, an array, or one item a line; also gzipped (.gz), and in
    /// UTF-16 as PowerShell writes it. An item that is in the lake already stays once.
    Import(Import),
    /// Serve a simulated tenant on this machine, to try things against
    Tenant(Tenant),
    /// Look after the lake
    Lake {
        /// What to do.
        #[command(subcommand)]
        command: Lake,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Write man pages into a folder
    Man {
        /// The folder.
        folder: PathBuf,
    },
}

/// `hobbs demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// People in the simulated tenant
    #[arg(long, default_value_t = 120, value_name = "N")]
    pub users: u32,
    /// Another seed, another tenant
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Where to put lake and workbook
    #[arg(long, default_value = "hobbs-demo", value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// `hobbs init`
#[derive(Debug, Args)]
pub struct Init {
    /// Directory (tenant) id; asked for where missing
    #[arg(long, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// Application (client) id; asked for where missing
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The cloud: global, us-government, us-government-dod, china
    #[arg(long, default_value = "global", value_name = "NAME")]
    pub cloud: String,
    /// What the tenant is called in hobbs.toml
    #[arg(long, default_value = "main", value_name = "NAME")]
    pub name: String,
    /// Days until the certificate ends
    #[arg(long, default_value_t = 365, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub valid_days: u32,
    /// Where to write hobbs.toml and the certificate
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
}

/// A time to look at. Days are those of `time_zone` in hobbs.toml.
#[derive(Debug, Clone, Args)]
pub struct Time {
    /// The last N days, whole ones, of which today is the last
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to"])]
    pub days: Option<u32>,
    /// From a day (2026-11-01, in time_zone) or moment (2026-11-01T08:00:00Z) on
    #[arg(long, value_name = "D")]
    pub from: Option<String>,
    /// To a day, included, or moment, excluded
    #[arg(long, value_name = "D")]
    pub to: Option<String>,
}

/// `hobbs sync`
#[derive(Debug, Args)]
pub struct Sync {
    /// Only this user, by principal name or object id; may be repeated
    #[arg(long = "user", value_name = "UPN")]
    pub users: Vec<String>,
    /// Only members of this group, by name or object id, and of groups inside it; may be repeated
    #[arg(long = "group", value_name = "NAME", conflicts_with = "users")]
    pub groups: Vec<String>,
    /// Print who would be asked, why, and how long it would take; ask for no history
    ///
    /// People and licenses are read and kept, since the plan is made of them, and usage reports where
    /// it needs them.
    #[arg(long)]
    pub plan: bool,
    /// Ask everyone, whatever the usage report says
    #[arg(long, conflicts_with = "users")]
    pub everyone: bool,
    /// Which time.
    #[command(flatten)]
    pub time: Time,
    /// Only this app, for example Word or "Copilot Chat (web)"; may be repeated
    #[arg(long = "app", value_name = "NAME")]
    pub apps: Vec<String>,
    /// Read all history again
    #[arg(long, conflicts_with_all = ["days", "from", "to"])]
    pub full: bool,
    /// How much of the texts to keep: none, excerpt (100 characters), full [default: none]
    #[arg(long, env = "HOBBS_CONTENT", value_name = "POLICY")]
    pub content: Option<String>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For reading here
    Table,
    /// The figures, for scripts
    Json,
    /// All rows
    Csv,
    /// A workbook: summary, conversations, interactions, people, coverage
    Xlsx,
    /// A page for the browser, in one file, that fetches nothing
    Html,
}

/// `hobbs report`
#[derive(Debug, Args)]
pub struct Report {
    /// Only this user, by principal name or object id; may be repeated
    #[arg(long = "user", value_name = "UPN")]
    pub users: Vec<String>,
    /// Which time.
    #[command(flatten)]
    pub time: Time,
    /// Only this app; may be repeated
    #[arg(long = "app", value_name = "NAME")]
    pub apps: Vec<String>,
    /// The form [default: by the file's ending, else table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FiguresFormat {
    /// For reading here
    Table,
    /// The figures and each line, for scripts
    Json,
    /// Each line
    Csv,
}

/// `hobbs reconcile`
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Only this user, by principal name or object id; may be repeated
    #[arg(long = "user", value_name = "UPN")]
    pub users: Vec<String>,
    /// The report with the shortest period of at least so many days (7, 28, 90 or 180)
    #[arg(long, default_value_t = 28, value_name = "N")]
    pub days: u32,
    /// The form [default: by the file's ending, else table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<FiguresFormat>,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `hobbs licenses`
#[derive(Debug, Args)]
pub struct Licenses {
    /// Who asked for nothing in so many days is idle
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub idle_days: u32,
    /// Who has held the license for fewer days is new, and not called idle
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub new_days: u32,
    /// Somebody on leave, by principal name or object id, not called idle; may be repeated
    #[arg(long = "on-leave", value_name = "UPN")]
    pub on_leave: Vec<String>,
    /// What a license costs in a month [default: price_per_month in hobbs.toml]
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<f64>,
    /// In which currency, for example EUR [default: currency in hobbs.toml]
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// The form; csv is a proposal for a bulk change [default: by the file's ending, else table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<FiguresFormat>,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a query's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// For reading here
    Table,
    /// One array of objects
    Json,
    /// One object a line
    Ndjson,
    /// Comma-separated, with a header
    Csv,
    /// A Parquet file
    Parquet,
}

/// `hobbs query`
#[derive(Debug, Args)]
pub struct Query {
    /// The query; "-" reads it from stdin
    #[arg(allow_hyphen_values = true)] // a query may begin with a comment
    pub sql: String,
    /// The form [default: by the file's ending, else table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<QueryFormat>,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Days to look at, in the tenant's time zone.
#[derive(Debug, Clone, Args)]
pub struct Days {
    /// The last N days, whole ones, of which today is the last [default: as the metric says]
    #[arg(long, value_name = "N", conflicts_with = "from")]
    pub days: Option<u32>,
    /// From this day on, for example 2026-11-01
    #[arg(long, value_name = "DAY")]
    pub from: Option<Date>,
    /// To this day, included [default: today]
    #[arg(long, value_name = "DAY")]
    pub to: Option<Date>,
}

/// `hobbs metrics`
#[derive(Debug, Subcommand)]
pub enum Metrics {
    /// All metrics, a line each
    List,
    /// What a metric means, and the SQL that gives it
    ///
    /// The SQL runs unchanged in DuckDB and Spark over the same tables.
    Show(MetricShow),
    /// The numbers of a metric
    Run(MetricRun),
}

/// A metric, and how it is to be counted.
#[derive(Debug, Clone, Args)]
pub struct MetricAsked {
    /// The metric's name
    pub name: String,
    /// Divided by app, user, department, day, week or month
    #[arg(long, value_name = "WHAT")]
    pub by: Option<Slice>,
    /// Which days.
    #[command(flatten)]
    pub days: Days,
    /// Typed exchanges that make a user active in the strictest way of counting [default: 3]
    #[arg(long, value_name = "N")]
    pub at_least: Option<u32>,
}

/// `hobbs metrics show`
#[derive(Debug, Args)]
pub struct MetricShow {
    /// Of what, and how.
    #[command(flatten)]
    pub asked: MetricAsked,
    /// Nothing but the SQL
    #[arg(long)]
    pub sql: bool,
}

/// `hobbs metrics run`
#[derive(Debug, Args)]
pub struct MetricRun {
    /// Of what, and how.
    #[command(flatten)]
    pub asked: MetricAsked,
    /// The form [default: by the file's ending, else table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<QueryFormat>,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `hobbs rules`
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// All rules, with what they say and where their signs were seen
    List,
    /// Which rules looked at an interaction, what each saw, and which won
    Explain {
        /// The user: principal name or object id
        user: String,
        /// The interaction's id
        interaction: String,
    },
    /// How many verdicts would move with the rules of a file on top, with examples
    Diff {
        /// The file
        file: PathBuf,
    },
    /// Judge everything by the rules as they are configured now
    ///
    /// A sync does so by itself where the rules have changed since the last one.
    Apply {
        /// Derive all again from the interactions alone, also what the same rules have judged
        #[arg(long)]
        full: bool,
    },
    /// Ready-made and automatic prompts that no rule knows, as TOML ready to keep
    ///
    /// Found by structure alone: one text that many people send, a template with one slot that
    /// varies, a machine's timing. A rule of the status "suspected" keeps what it finds out of the
    /// headline; a person who has looked at it writes "accepted".
    Suggest {
        /// The days that are looked at
        #[arg(long, default_value_t = 90, value_name = "N")]
        days: u32,
        /// The file to write [default: stdout]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// `hobbs import`
#[derive(Debug, Args)]
pub struct Import {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose history the items are in, where the items do not say: an object id, or the principal
    /// name of a user whom a sync has read
    #[arg(long, value_name = "UPN")]
    pub user: Option<String>,
    /// How much of the texts to keep: none, excerpt (100 characters), full [default: none]
    #[arg(long, env = "HOBBS_CONTENT", value_name = "POLICY")]
    pub content: Option<String>,
}

/// `hobbs tenant`
#[derive(Debug, Args)]
pub struct Tenant {
    /// People in the directory
    #[arg(long, default_value_t = 300, value_name = "N")]
    pub users: u32,
    /// Another seed, another tenant
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// The port; 0 for any that is free
    #[arg(long, default_value_t = 8365, value_name = "P")]
    pub port: u16,
    /// Something that goes wrong, and how often (0 to 1); may be repeated
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub faults: Vec<FaultRate>,
    /// Write what a client should find to this file, one item a line
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Days of history
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub history_days: u32,
    /// About so many interactions in all [default: 80 a user and month]
    #[arg(long, value_name = "N", conflicts_with = "rows_a_user")]
    pub rows: Option<u64>,
    /// Exactly so many interactions for each user with a license
    #[arg(long, value_name = "N")]
    pub rows_a_user: Option<u64>,
    /// How long a page takes, in milliseconds: N or N-M
    #[arg(long, default_value = "0", value_name = "MS")]
    pub latency_ms: String,
    /// What people say and press: everyday, or labelled for making rules (tuning) or for trying
    /// them on what they were not made with (held_out)
    #[arg(long, default_value_t = Corpus::Everyday, value_name = "NAME")]
    pub corpus: Corpus,
    /// No limits on requests
    #[arg(long)]
    pub no_limits: bool,
    /// Nothing happens after the start
    #[arg(long)]
    pub frozen: bool,
    /// Everybody holds a license
    #[arg(long)]
    pub everyone_licensed: bool,
    /// People join, leave, move, go on leave, and licenses come and go
    #[arg(long)]
    pub lively: bool,
    /// Share of the people (0 to 1) active on a day, each drawn anew each day
    #[arg(long, value_name = "SHARE")]
    pub active_share: Option<f64>,
    /// Share of the people (0 to 1) who never ask anything themselves
    #[arg(long, value_name = "SHARE")]
    pub automatic_only_share: Option<f64>,
    /// Microsoft's usage reports show hashes in place of names
    #[arg(long)]
    pub conceal_names: bool,
    /// The app's certificate (PEM or .cer), besides its secret
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Print counters every so many seconds
    #[arg(long, value_name = "S")]
    pub statistics_every_s: Option<u64>,
}

/// `hobbs lake`
#[derive(Debug, Subcommand)]
pub enum Lake {
    /// Tables, rows, files, sizes
    Status,
    /// Read the whole lake and say whether it is sound
    ///
    /// Reads each log and decodes each file to its end, and compares the tables with each other.
    /// Writes nothing. For whatever is damaged it says what is lost and what to do. Ends with 4 where
    /// something is damaged.
    Check {
        /// Take what is damaged out of the lake, and save of it what can be read
        ///
        /// No file is deleted. What is lost is no longer said to have been read, so that the next
        /// sync reads it again as far as Microsoft still has it.
        #[arg(long)]
        repair: bool,
    },
    /// Join small files and delete those no longer needed
    ///
    /// Files stay on the disk for 7 days after the last version that needs them, so that readers
    /// in the middle of a query do not stumble.
    Optimize,
}
