"use strict";
// Lineage of each cell on demand, filters, and the language; the page reads without it.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const dialog = document.getElementById("lineage");
  const english = document.getElementById("lang-en");
  const language = () => (english.checked ? "en" : "pt");
  const say = (words) => (typeof words === "string" ? words : words[language()]);
  const word = (key) => say(data.words[key] ?? key);
  const cells = new Map(data.cells.map((cell) => [cell.anchor, cell]));
  root.classList.add("js");

  // Text reaches the page as text alone: nothing in the data can become markup.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  function remember(value) {
    try { localStorage.setItem("lastro-language", value); } catch { /* a file without storage forgets */ }
  }

  function remembered() {
    try { return localStorage.getItem("lastro-language"); } catch { return null; }
  }

  function speak() {
    root.lang = language() === "en" ? "en" : "pt-BR";
    document.title = `${word("title")} ${data.campaign} · Lastro`;
    for (const option of document.querySelectorAll("option[data-en]")) option.textContent = option.dataset[language()];
    document.querySelectorAll(".filter").forEach(count);
  }

  function chooseLanguage() {
    const asked = new URLSearchParams(location.search).get("lang") ?? remembered();
    if (asked === "en" || asked === "pt") document.getElementById(`lang-${asked}`).checked = true;
    for (const choice of document.querySelectorAll("input[name=language]")) {
      choice.addEventListener("change", () => { remember(language()); speak(); });
    }
    speak();
  }

  function placeOf(number) {
    const [file, path, record, field] = data.places[number];
    const [name, sha256, origin] = data.files[file];
    return { name, path, record, field, sha256, origin };
  }

  // Places of one file under one heading, as they follow one another.
  function placesOf(numbers) {
    const list = make("ul", { class: "places" });
    let last = null;
    for (const place of numbers.map(placeOf)) {
      if (!last || last.place.name !== place.name || last.place.sha256 !== place.sha256) {
        const linked = place.origin === "evidence" && data.address;
        const address = data.address + place.name.split("/").map(encodeURIComponent).join("/");
        const code = make("code", {}, place.name);
        const item = make("li", {}, linked ? make("a", { href: address, rel: "noreferrer" }, code) : code);
        item.append(" ", make("span", { class: "soft small" }, word(place.origin)), make("br"), make("span", { class: "hash" }, `sha256 ${place.sha256}`));
        list.append(item);
        last = { place, item };
      }
      const from = place.record ? ` ${word("record")} ${place.record}, ${word("field")} ${place.field}` : "";
      last.item.append(make("br"), make("code", {}, place.path), make("span", { class: "soft small" }, from));
    }
    return numbers.length ? list : make("p", { class: "soft small" }, word("no_places"));
  }

  function rows(...pairs) {
    const list = make("dl");
    for (const [name, ...shown] of pairs.filter((pair) => pair[1])) list.append(make("dt", {}, name), make("dd", {}, ...shown));
    return list;
  }

  function formulaOf(value) {
    const formula = data.formulas[value.formula];
    return formula ? make("code", {}, formula) : word("as_read");
  }

  function partOf(part, alone) {
    const shown = [];
    if (!alone || part.name) shown.push(make("h3", {}, part.name || word("value")));
    if (part.missing) return [...shown, rows([word("not_measured"), make("span", { lang: "en-GB" }, part.missing)])];
    shown.push(rows([word("exact"), make("code", { class: "exact" }, part.value)], [word("formula"), formulaOf(part)], [word("places"), placesOf(part.places)]));
    if (part.also) {
      shown.push(make("h3", {}, word("also")));
      shown.push(rows([word("exact"), make("code", {}, part.also.value)], [word("formula"), formulaOf(part.also)], [word("places"), placesOf(part.also.places)]));
    }
    if (part.thesis) shown.push(rows([word("habit"), `${part.thesis.printed} (${part.thesis.habit})`]));
    return shown;
  }

  function thesisOf(cell) {
    if (!cell.thesis) return [];
    const told = data.claims ? word(cell.thesis.verdict) : word("other_scale");
    return [make("p", { class: "soft" }, `${word("thesis")} `, make("strong", { class: "printed" }, cell.thesis.thesis), `: ${told}`)];
  }

  function listed(numbers) {
    const list = make("ul", { class: "reached" });
    for (const finding of numbers.map((number) => data.findings[number])) {
      const text = document.getElementById(finding.anchor).querySelector(".text"); // the subject, and what is said of it
      const subject = text.querySelector("strong").textContent;
      const link = make("a", { href: `#${finding.anchor}` }, subject);
      link.addEventListener("click", () => dialog.close());
      const badge = make("span", { class: `badge ${finding.severity}` }, word(finding.severity));
      list.append(make("li", {}, badge, " ", make("span", { lang: "en-GB" }, link, text.textContent.slice(subject.length))));
    }
    return list;
  }

  const isError = (number) => data.findings[number].severity === "error";

  // What makes the value wrong stands before where it comes from.
  function faultsOf(cell) {
    const errors = (cell.findings ?? []).filter(isError);
    const corrected = data.corrected[cell.anchor];
    if (!errors.length && !corrected) return [];
    const box = make("div", { class: "faults" });
    if (errors.length) box.append(make("h3", {}, word("faulty")));
    if (corrected) box.append(make("p", {}, `${word("corrected")} `, make("a", { href: `#${corrected.anchor}` }, make("strong", {}, say(corrected.printed)))));
    if (errors.length) box.append(listed(errors));
    return [box];
  }

  function auditOf(cell) {
    const heading = make("h3", {}, word("audit"));
    if (!data.audited) return [heading, make("p", { class: "soft" }, word("not_audited"))];
    if (!cell.findings) return [heading, make("p", { class: "soft" }, word("clean"))];
    const others = cell.findings.filter((number) => !isError(number));
    return others.length ? [heading, listed(others)] : [];
  }

  function commandOf(cell) {
    const campaign = data.campaign === data.reference ? "" : ` --campaign ${data.campaign}`;
    const quoted = /^[\w.-]+$/.test(cell.cell) ? cell.cell : `'${cell.cell.replaceAll("'", "'\\''")}'`;
    return [make("h3", {}, word("command")), make("pre", {}, `python -m stages.why ${cell.table} ${quoted}${campaign}`)];
  }

  function show(cell) {
    const table = data.tables[cell.table];
    const [column, ...row] = cell.cell.split(".");
    const names = [table.title, table.columns[column] ?? column, table.rows[row.join(".")] ?? row.join(".")].map(say).filter(Boolean);
    document.getElementById("lineage-title").textContent = names.join(" · ");
    const alone = cell.parts.length === 1;
    document.getElementById("lineage-body").replaceChildren(
      make("p", { class: "big" }, say(cell.printed)), ...thesisOf(cell), ...faultsOf(cell),
      ...cell.parts.flatMap((part) => partOf(part, alone)), ...auditOf(cell), ...commandOf(cell),
    );
    if (location.hash !== `#${cell.anchor}`) history[dialog.open ? "replaceState" : "pushState"](null, "", `#${cell.anchor}`); // so that going back closes it
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  function follow() {
    const anchor = location.hash.slice(1);
    const target = anchor && document.getElementById(anchor);
    if (dialog.open && !cells.has(anchor)) dialog.close();
    if (!target) return;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    if (target.hidden || target.closest("[hidden]")) document.querySelectorAll("form.filter").forEach((form) => { form.reset(); sift(form); });
    const button = target.querySelector(".cell");
    if (button && cells.has(anchor)) { button.focus(); show(cells.get(anchor)); }
    target.scrollIntoView({ block: "center" });
  }

  // One stop of the tab key a table; arrows go from cell to cell.
  function walk(table) {
    const grid = [...table.rows].map((row) => [...row.querySelectorAll(".cell")]).filter((row) => row.length);
    grid.flat().forEach((button, index) => { button.tabIndex = index ? -1 : 0; });
    grid.flat().forEach((button) => button.setAttribute("aria-haspopup", "dialog"));
    table.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const y = grid.findIndex((row) => row.includes(event.target));
      if (!step || y < 0) return;
      const next = grid[y + step[0]]?.[grid[y].indexOf(event.target) + step[1]];
      event.preventDefault();
      if (!next) return;
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  function fits(form, item) {
    return [...form.elements].every((field) => {
      if (!field.name) return true;
      if (field.type === "checkbox") return field.checked || item.dataset[field.name] !== field.value;
      if (field.type === "search") return item.textContent.toLowerCase().includes(field.value.trim().toLowerCase());
      return !field.value || item.dataset[field.name].split(" ").includes(field.value);
    });
  }

  function items(form) {
    return [...document.querySelectorAll(form.dataset.of)];
  }

  function count(form) {
    if (!form.dataset.of) return;
    const all = items(form);
    form.querySelector("output").textContent = `${all.filter((item) => !item.hidden).length} ${word("of")} ${all.length} ${word("shown")}`;
  }

  function sift(form) {
    if (!form.dataset.of) return;
    const narrowed = [...form.elements].some((field) => field.name && field.type !== "checkbox" && field.value);
    for (const item of items(form)) item.hidden = !fits(form, item);
    for (const box of document.querySelectorAll(form.dataset.boxes)) {
      const some = [...box.querySelectorAll(form.dataset.of)].some((item) => !item.hidden);
      box.hidden = !some;
      if (narrowed && some && box.tagName === "DETAILS") box.open = true;
    }
    count(form);
  }

  for (const table of document.querySelectorAll("table.data")) walk(table);
  for (const form of document.querySelectorAll("form.filter[data-of]")) {
    form.addEventListener("input", () => sift(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    sift(form);
  }
  document.getElementById("only-moved")?.addEventListener("change", (event) => document.getElementById("beside").classList.toggle("same-hidden", event.target.checked));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".cell");
    const link = event.target.closest?.("a[href^='#']");
    if (button) show(cells.get(button.closest("[id]").id));
    else if (link && link.hash === location.hash) follow(); // no hashchange where the address stays
    else if (event.target === dialog) dialog.close();
  });
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  window.addEventListener("hashchange", follow);
  chooseLanguage();
  follow();
})();
