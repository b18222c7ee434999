"use strict";
// Everything here becomes a text node or a property: no text is ever parsed as markup.
requestAnimationFrame(() => setTimeout(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [ID, NAME, UNIT, KIND, LAST_RUN, SINCE, FIRST, LAST, GROUP] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const ROW = 34, OVERSCAN = 8;
  const MARKS = { holds: "✓", drift: "~", missing: "+", blocked: "✗", not_selected: "–", not_known: "?" };
  const at = (id) => document.getElementById(id);
  const [view, spacer, head, dialog] = ["view", "spacer", "head", "details"].map(at);
  const [search, status, unit, requirement, result] = ["search", "status", "unit", "requirement", "result"].map(at);
  const labels = new Map([...data.statuses, ...data.results]);
  const urgency = new Map(data.statuses.map(([word], index) => [word, index]));

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const day = (seconds) => (seconds ? new Date(seconds * 1000).toISOString().slice(0, 10) : "");
  const moment = (seconds) => (seconds ? new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC" : "not known");
  const kind = (account) => data.kinds[account[KIND]];
  const unitOf = (account) => data.units[account[UNIT]];
  const sinceOf = (account, index) => (Array.isArray(account[SINCE]) ? account[SINCE][index] : account[SINCE]);
  const word = (account, index) => data.results[kind(account).results[index]][0];
  const fails = (name) => name === "drift" || name === "missing" || name === "blocked";
  const text = (account, index) => data.texts[index].replaceAll("\u0001", account[ID]);

  // When the present status of an account began.
  const startOf = (account) => {
    const times = data.requirements.map((_, index) => [word(account, index), sinceOf(account, index)]);
    const failing = times.filter(([name, time]) => fails(name) && time).map(([, time]) => time);
    if (failing.length) return Math.min(...failing);
    return kind(account).status === "converged" ? Math.max(0, ...times.map(([, time]) => time)) : 0;
  };

  const columns = [
    ["Account", (a) => a[NAME].toLowerCase()],
    ["ID", (a) => a[ID]],
    ["Unit", unitOf],
    ["Status", (a) => urgency.get(kind(a).status)],
    ["Requirements", (a) => -data.requirements.filter((_, index) => fails(word(a, index))).length],
    ["Since", startOf],
    ["Last run", (a) => a[LAST_RUN]],
  ];
  const haystacks = new Map(data.accounts.map((a) => [a, `${a[NAME]}\n${a[ID]}\n${unitOf(a)}`.toLowerCase()]));
  let sorted = { column: 3, down: false }, group = null, shown = [], active = 0;

  const option = (value, label) => element("option", { value }, label);
  const fill = () => {
    status.append(option("", "Any status"), ...data.statuses.map(([name, label]) => option(name, label)));
    const units = new Set();
    for (const path of data.units) path.split("/").forEach((_, index, all) => units.add(all.slice(0, index + 1).join("/")));
    unit.append(option("", "Any unit"), ...[...units].sort().map((path) => option(path, path)));
    requirement.append(option("", "Any"), ...data.requirements.map((one, index) => option(index, one.title)));
    result.append(option("fails", "not as configured"), ...data.results.map(([name, label]) => option(name, label)));
  };

  const select = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const index = requirement.value === "" ? null : Number(requirement.value);
    result.disabled = index === null;
    const below = unit.value + "/";
    const matches = (a) =>
      words.every((one) => haystacks.get(a).includes(one)) &&
      (status.value === "" || kind(a).status === status.value) &&
      (unit.value === "" || unitOf(a) === unit.value || unitOf(a).startsWith(below)) &&
      (index === null || (result.value === "fails" ? fails(word(a, index)) : word(a, index) === result.value)) &&
      (group === null || a[GROUP] === group);
    const key = columns[sorted.column][1];
    const keyed = data.accounts.filter(matches).map((a) => [key(a), a]);
    keyed.sort(([x, a], [y, b]) => (x < y ? -1 : x > y ? 1 : a[ID] < b[ID] ? -1 : 1));
    if (sorted.down) keyed.reverse();
    shown = keyed.map(([, a]) => a);
    active = 0;
    view.scrollTop = 0;
    spacer.style.height = `${shown.length * ROW}px`;
    at("grid").setAttribute("aria-rowcount", shown.length + 1);
    const grouped = group === null ? "" : " (one group of those that need attention)";
    at("count").textContent = `${shown.length.toLocaleString("en")} of ${data.accounts.length.toLocaleString("en")} accounts${grouped}`;
    draw();
  };

  const mark = (name) => element("span", { class: `mark ${name}`, "aria-hidden": "true" }, MARKS[name] ?? "·");
  const marks = (account) => {
    const all = data.requirements.map((one, index) => `${one.title}: ${labels.get(word(account, index))}`).join(", ");
    return element("span", { class: "marks", role: "img", "aria-label": all, title: all },
      ...data.requirements.map((_, index) => mark(word(account, index))));
  };
  const badge = (name) => element("span", {}, element("i", { class: `key ${name}` }), labels.get(name) ?? name);
  const cells = (a) => [
    element("span", { title: a[NAME] }, a[NAME]),
    element("span", { class: "mono" }, a[ID]),
    element("span", { title: unitOf(a) }, unitOf(a)),
    badge(kind(a).status),
    marks(a),
    element("span", { class: "mono" }, day(startOf(a))),
    element("span", { class: "mono" }, day(a[LAST_RUN])),
  ];
  const draw = () => {
    const first = Math.max(0, Math.floor(view.scrollTop / ROW) - OVERSCAN);
    const last = Math.min(shown.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + OVERSCAN);
    const rows = shown.slice(first, last).map((account, offset) => {
      const index = first + offset;
      const row = element("div", { class: index === active ? "row active" : "row", role: "row", id: `row${index}`, "aria-rowindex": index + 2 });
      for (const cell of cells(account)) {
        if (!cell.hasAttribute("role")) cell.setAttribute("role", "gridcell");
        row.append(cell);
      }
      row.style.top = `${index * ROW}px`;
      row.addEventListener("click", () => { active = index; open(account); draw(); });
      return row;
    });
    spacer.replaceChildren(...rows);
    view.setAttribute("aria-activedescendant", shown.length ? `row${active}` : "");
  };
  const drawHead = () => {
    head.replaceChildren(...columns.map(([label], index) => {
      const arrow = index === sorted.column ? (sorted.down ? " ↓" : " ↑") : "";
      const button = element("button", { type: "button" }, label + arrow);
      button.addEventListener("click", () => {
        sorted = { column: index, down: index === sorted.column && !sorted.down };
        drawHead();
        select();
        head.children[index].firstChild.focus();
      });
      const order = index === sorted.column ? (sorted.down ? "descending" : "ascending") : "none";
      return element("span", { role: "columnheader", "aria-sort": order }, button);
    }));
  };

  const block = (account, index) => {
    const made = element("pre", { tabindex: "0" });
    for (const line of text(account, index).split("\n")) {
      const kinds = { "+": "plus", "-": "minus", "~": "change", "✗": "minus" };
      made.append(element("span", kinds[line[0]] ? { class: kinds[line[0]] } : {}, line));
    }
    return made;
  };
  // What is in backticks is code.
  const withCode = (line) => line.split("`").map((part, index, all) =>
    index % 2 && index < all.length - 1 ? element("code", {}, part) : index % 2 ? "`" + part : part);
  const pair = (name, value) => [element("dt", {}, name), element("dd", {}, value)];
  const open = (account) => {
    const its = kind(account);
    const body = element("div", { class: "dialog" });
    const close = element("button", { class: "close", type: "button", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => dialog.close());
    body.append(close, element("h2", { id: "details-name" }, account[NAME] || account[ID]));
    const configurations = { same: "the same as that of this audit", different: "another one, to which the statuses refer", not_known: "not known" };
    body.append(element("dl", {},
      ...pair("Account ID", account[ID]), ...pair("Unit", unitOf(account)), ...pair("Status", badge(its.status)),
      ...pair("Last run", moment(account[LAST_RUN])), ...pair("Last run's configuration", configurations[its.configuration]),
      ...pair("First converged", moment(account[FIRST])), ...pair("Last converged", moment(account[LAST]))));
    if (its.cause) {
      const [code, message, remedy] = its.cause;
      body.append(element("h3", {}, code), element("p", {}, ...withCode(text(account, message))),
        element("p", {}, element("b", {}, "Remedy: "), ...withCode(text(account, remedy))));
    }
    const rows = data.requirements.map((one, index) => element("tr", {}, element("td", {}, one.title), element("td", {}, badge(word(account, index))),
      element("td", {}, sinceOf(account, index) ? moment(sinceOf(account, index)) : "")));
    const header = element("thead", {}, element("tr", {}, ...["Requirement", "Status", "Since"].map((label) => element("th", {}, label))));
    body.append(element("h3", {}, "Requirements"), element("table", {}, header, element("tbody", {}, ...rows)));
    if (its.handoffs.length) {
      const list = its.handoffs.map(([title, state, changed]) =>
        element("li", {}, `${title}: ${state}${changed && state === "open" ? " again, because its text has changed" : ""}`));
      body.append(element("h3", {}, "Hand-offs"), element("ul", {}, ...list));
    }
    for (const [name, title, exists, trust, policies, access] of its.roles) {
      body.append(element("h3", {}, title === name ? name : `${title}: ${name}`));
      if (!exists) body.append(element("p", {}, "This role does not exist."));
      for (const [label, index] of [["Trust policy", trust], ["Policies and changes", policies], ["Who can assume it", access]]) {
        if (data.texts[index]) body.append(element("p", { class: "faint" }, label), block(account, index));
      }
    }
    if (its.roles.length) body.append(element("p", { class: "faint" }, "+ and - mark what the configuration adds and removes. External IDs are hidden."));
    else if (!data.live) body.append(element("p", { class: "faint" }, "Records do not contain policies; an audit with --live does."));
    dialog.replaceChildren(body);
    dialog.showModal();
    dialog.scrollTop = 0;
  };

  const move = (to) => {
    active = Math.max(0, Math.min(shown.length - 1, to));
    const top = active * ROW;
    if (top < view.scrollTop) view.scrollTop = top;
    if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
    draw();
  };
  view.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(view.clientHeight / ROW) - 1);
    const moves = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 };
    if (event.key in moves) move(moves[event.key]);
    else if (event.key === "Enter" && shown[active]) open(shown[active]);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || dialog.open || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    search.focus();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); view.focus(); }
  });
  let waiting = false;
  view.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  });
  addEventListener("resize", draw);
  const form = at("filters");
  form.addEventListener("input", select);
  form.addEventListener("submit", (event) => event.preventDefault());
  // All accounts, or those of one group.
  const show = (wanted = null) => {
    for (const field of [search, status, unit, requirement]) field.value = "";
    result.value = "fails";
    group = wanted;
    select();
    if (wanted === null) return;
    at("accounts").scrollIntoView();
    view.focus({ preventScroll: true });
  };
  form.addEventListener("reset", (event) => { event.preventDefault(); show(); });
  for (const button of document.querySelectorAll("[data-group]")) {
    button.addEventListener("click", () => show(Number(button.dataset.group)));
  }
  addEventListener("beforeprint", () => {
    const rows = shown.map((a) => {
      const failing = data.requirements.map((one, index) => [one.title, word(a, index)]).filter(([, name]) => name !== "holds");
      const list = failing.map(([title, name]) => `${title}: ${labels.get(name)}`).join(", ");
      const texts = [a[NAME], a[ID], unitOf(a), labels.get(kind(a).status), list || "all hold", day(startOf(a)), day(a[LAST_RUN])];
      return element("tr", {}, ...texts.map((one) => element("td", {}, one)));
    });
    const header = element("thead", {}, element("tr", {}, ...columns.map(([label]) => element("th", {}, label))));
    at("printed").replaceChildren(element("table", {}, header, element("tbody", {}, ...rows)));
  });
  addEventListener("afterprint", () => at("printed").replaceChildren());

  fill();
  drawHead();
  at("legend").replaceChildren(...data.results.map(([name, label]) => element("span", {}, mark(name), label)));
  form.hidden = at("grid").hidden = false;
  select();
}));
