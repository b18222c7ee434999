//! An audit as one HTML page, which loads nothing: style, script and data are in it.
//!
//! Names of accounts and units, messages and policies come from AWS and can be any text. They reach the page in two ways only. What is
//! rendered here passes [`escaped`]. The rest is JSON in a data block, in which every character that could end the block is escaped;
//! the script parses it and creates text nodes, never markup. A content security policy with the hashes of the one script and the one
//! style forbids everything else: a script that got into the page nevertheless would not run, and nothing could be sent.
//!
//! The summary is rendered here, so that it is visible before the script runs. The script shows the table of accounts, of which it
//! renders only the rows that are visible, and all of them for printing.

mod charts;
mod data;
mod escape;
mod sections;
mod security;

use super::summary::Audit;
use crate::time::to_policy_date;
use charts::{overall_bar, requirement_chart, unit_chart};
use data::data_block;
use escape::escaped;
use sections::{attention_section, departed_section, skipped_section, tiles};
use security::content_security_policy;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The audit as an HTML page.
#[must_use]
pub fn audit_html(audit: &Audit) -> String {
    let made_at = to_policy_date(audit.made_at).unwrap_or_default();
    let configuration: String = audit.configuration.chars().take(12).collect();
    let policy = content_security_policy(SCRIPT, STYLE);
    let source = escaped(audit.source.label());
    let configuration = escaped(&configuration);
    let (overall, tiles) = (overall_bar(audit), tiles(audit));
    let (requirements, units) = (requirement_chart(audit), unit_chart(audit));
    let (attention, departed) = (attention_section(audit), departed_section(audit));
    let skipped = skipped_section(audit);
    let data = data_block(audit);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Account audit, {made_at}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#accounts">Skip to the accounts</a>
<header>
<h1>Account audit</h1>
<p class="faint"><time datetime="{made_at}">{made_at}</time> · {source} · configuration <code>{configuration}</code></p>
</header>
<main>
<section aria-label="Summary">
{tiles}
{overall}
</section>
<div class="columns">
<section><h2>Coverage by requirement</h2>{requirements}</section>
<section><h2>Coverage by unit</h2>{units}</section>
</div>
{attention}
{departed}
<section id="accounts">
<h2>Accounts</h2>
<noscript><p>The table of accounts needs JavaScript, which is turned off. The CSV and JSON formats have the same content.</p></noscript>
<form id="filters" role="search" hidden>
<label class="grow">Search <input id="search" type="search" placeholder="name, ID or unit" autocomplete="off" spellcheck="false"></label>
<label>Status <select id="status"></select></label>
<label>Unit <select id="unit"></select></label>
<label>Vendor or role <select id="requirement"></select></label>
<label>is <select id="result"></select></label>
<button type="reset">Reset</button>
</form>
<p id="count" class="faint" role="status"></p>
<div id="grid" role="grid" aria-label="Accounts" hidden>
<div id="head" role="row"></div>
<div id="view" tabindex="0" role="rowgroup"><div id="spacer"></div></div>
</div>
<p id="legend" class="faint"></p>
<div id="printed"></div>
</section>
{skipped}
</main>
<footer class="faint">account-onboarding {version}. Keys: <kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Return</kbd> details, <kbd>Esc</kbd> close.
This page contains everything that it shows and loads nothing.</footer>
<dialog id="details" aria-labelledby="details-name"></dialog>
<script type="application/json" id="data">{data}</script>
<script>{SCRIPT}</script>
</body>
</html>
"##
    )
}

#[cfg(test)]
mod tests;
