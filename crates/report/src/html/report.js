
"use strict";
// Sorts a table by the column whose head is pressed, and filters it by what is written above it. The page is whole
// without it.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    // No <button>: Chromium prints those on a table's first page only.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => sort(body, heads, column));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort(body, heads, column);
    });
  });
  if ("filter" in table.dataset) filter(table, body);
}

function sort(body, heads, column) {
  const head = heads[column];
  const numbers = head.classList.contains("n");
  // Numbers begin with the largest, texts with the first.
  const before = head.getAttribute("aria-sort");
  const order = before ? (before === "ascending" ? "descending" : "ascending") : numbers ? "descending" : "ascending";
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const words = new Intl.Collator(undefined, { numeric: true });
  const value = (row) => {
    const text = row.cells[column].textContent;
    return numbers ? parseFloat(text.replaceAll(",", "")) || 0 : text;
  };
  const rows = [...body.rows].map((row) => [value(row), row]);
  rows.sort((a, b) => sign * (numbers ? a[0] - b[0] : words.compare(a[0], b[0])));
  body.append(...rows.map((row) => row[1]));
}

function filter(table, body) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const shown = document.createElement("span");
  input.type = "search";
  input.setAttribute("aria-label", "Filter: " + table.caption.textContent);
  input.placeholder = "Filter";
  shown.setAttribute("role", "status");
  label.className = "find";
  label.append(input, shown);
  table.parentElement.before(label);
  const rows = [...body.rows].map((row) => [row.textContent.toLowerCase(), row]);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [text, row] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      count += !row.hidden;
    }
    shown.textContent = words.length ? count + " of " + rows.length + " rows" : "";
  });
}
