"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const PER_PAGE = 100;
  const QUESTION = 0, ARCH = 1, POSES = 2, A = 3, B = 4, CLASS_A = 5, CLASS_B = 6, EXACT = 7, SPECTRAL = 8, PROJECTED = 9, RIGHT = 10, STATUS = 11, DEFECT = 12, CONDITION = 13, UNSEEN = 14;

  // Values of marks: shown at once in one box, and read out as names.
  const tip = byId("tip");
  const placeTip = (event, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
    const below = event.clientY + 18;
    const y = below + box.height > window.innerHeight ? event.clientY - box.height - 12 : below;
    tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
  };
  for (const title of document.querySelectorAll(".mark > title")) {
    const mark = title.parentElement;
    mark.dataset.tip = title.textContent;
    mark.setAttribute("aria-label", title.textContent);
    title.remove();
  }
  const levels = new Map();
  const gramValue = (image, event) => {
    const side = Number(image.dataset.side);
    if (!levels.has(image)) {
      levels.set(image, null);
      const picture = new Image();
      picture.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = side;
        const context = canvas.getContext("2d");
        context.drawImage(picture, 0, 0);
        levels.set(image, context.getImageData(0, 0, side, side).data);
      };
      picture.src = image.getAttribute("href");
    }
    const box = image.getBoundingClientRect();
    const at = (position, start, length) => Math.max(0, Math.min(side - 1, Math.floor(((position - start) / length) * side)));
    const column = at(event.clientX, box.left, box.width), row = at(event.clientY, box.top, box.height);
    const pixels = levels.get(image);
    if (!pixels) return `row ${row}, column ${column}`;
    const from = 4 * (row * side + column);
    const low = Number(image.dataset.low), high = Number(image.dataset.high);
    const value = low + ((high - low) * levelOf(pixels[from], pixels[from + 1], pixels[from + 2])) / 255;
    return `row ${row}, column ${column}: about ${value.toPrecision(4)}`;
  };
  // The five colours between which the palette of heat maps runs.
  const STOPS = [[24, 15, 61], [49, 78, 140], [33, 145, 140], [122, 200, 88], [253, 231, 76]];
  const levelOf = (r, g, b) => {
    let best = 0, least = Infinity;
    for (let level = 0; level < 256; level += 1) {
      const place = (level / 255) * 4, below = Math.min(3, Math.floor(place)), part = place - below;
      const distance = [r, g, b].reduce((sum, value, at) => sum + (value - (STOPS[below][at] + part * (STOPS[below + 1][at] - STOPS[below][at]))) ** 2, 0);
      if (distance < least) { least = distance; best = level; }
    }
    return best;
  };
  document.addEventListener("pointermove", (event) => {
    const mark = event.target instanceof Element ? event.target.closest("[data-tip], .gram") : null;
    if (!mark) { tip.hidden = true; return; }
    placeTip(event, mark.classList.contains("gram") ? gramValue(mark, event) : mark.dataset.tip);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // Small pictures, all from one sheet.
  let sheet = byId("sheet");
  const drawSeed = (canvas) => {
    const place = data.places[canvas.dataset.seed];
    if (!sheet || place === undefined) { canvas.remove(); return; }
    const [columns, width, height] = data.sheet;
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d").drawImage(sheet, (place % columns) * width, Math.floor(place / columns) * height, width, height, 0, 0, width, height);
  };

  // The table.
  const decimal = (value) => {
    if (value === null) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 0.0005 && size < 9999.5 ? value.toFixed(3) : value.toExponential(1).replace("e+", "e");
  };
  const named = (row) => (row[B] < 0 ? data.classes[row[CLASS_A]] + (row[UNSEEN] ? " (unseen)" : "") : `${data.classes[row[CLASS_A]]} – ${data.classes[row[CLASS_B]]}`);
  const columns = [
    ["Network", ARCH, (row) => data.archs[row[ARCH]], "words"],
    ["Poses", POSES, (row) => String(row[POSES])],
    ["Classes", null, named, "words"],
    ["Exact error", EXACT, (row) => decimal(row[EXACT])],
    ["Spectral error", SPECTRAL, (row) => decimal(row[SPECTRAL])],
    ["Projected error", PROJECTED, (row) => decimal(row[PROJECTED])],
    ["Right", RIGHT, (row) => (row[RIGHT] === 2 ? "✓ right" : data.pairs && row[RIGHT] === 1 ? "✗ one wrong" : "✗ wrong")],
    ["Status", STATUS, (row) => data.statuses[row[STATUS]].replaceAll("_", " "), "words"],
    ["Defect", DEFECT, (row) => decimal(row[DEFECT])],
    ["Condition", CONDITION, (row) => decimal(row[CONDITION])],
  ];
  if (data.questions.length > 1) columns.unshift(["Question", QUESTION, (row) => (row[QUESTION] < 0 ? "–" : String(row[QUESTION] + 1))]);
  let sortBy = columns.findIndex((column) => column[1] === EXACT), descending = true, page = 0, shown = [];
  const filters = {
    question: byId("filter-question"), arch: byId("filter-arch"), poses: byId("filter-poses"), classes: byId("filter-classes"), wrong: byId("filter-wrong"),
  };
  const classKey = (row) => [row[CLASS_A], row[CLASS_B]].sort((a, b) => a - b).join(",");
  const classNames = (key) => key.split(",").map(Number).filter((at) => at >= 0).map((at) => data.classes[at]).join(" – ");
  const choices = (select, values, text) => {
    select.append(new Option("all", ""));
    for (const value of values) select.append(new Option(text(value), String(value)));
  };
  const distinct = (key) => [...new Set(data.rows.map(key))];
  // One question is no choice.
  if (data.questions.length < 2) filters.question.parentElement.remove();
  choices(filters.question, data.questions.keys(), (at) => `${Number(at) + 1}. ${data.questions[at]}`);
  choices(filters.arch, data.archs.keys(), (at) => data.archs[at]);
  choices(filters.poses, distinct((row) => row[POSES]).sort((a, b) => a - b), String);
  choices(filters.classes, distinct(classKey).sort((a, b) => classNames(a).localeCompare(classNames(b), "en", { numeric: true })), classNames);

  const compare = (a, b) => {
    const [, key, text] = columns[sortBy];
    const x = key === null ? text(a) : a[key], y = key === null ? text(b) : b[key];
    // What has no number stands last in both directions.
    if (x === null || y === null) return (x === null) - (y === null);
    const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
    return descending ? -order : order;
  };
  const select = () => {
    const wanted = (filter, value) => filter.value === "" || filter.value === String(value);
    shown = data.rows.filter((row) => wanted(filters.question, row[QUESTION]) && wanted(filters.arch, row[ARCH]) && wanted(filters.poses, row[POSES])
      && wanted(filters.classes, classKey(row)) && (!filters.wrong.checked || row[RIGHT] < 2));
    shown.sort(compare);
    page = 0;
    draw();
    chooseFigures();
  };
  // What is drawn of results that are not chosen goes too, network by network and mark by mark.
  const chooseFigures = () => {
    const classes = filters.classes.value === "" ? "" : filters.classes.value.split(",").map(Number).filter((at) => at >= 0).map((at) => data.classes[at]).sort().join(" – ");
    const differs = (wanted, value) => wanted !== "" && value !== undefined && value !== wanted;
    for (const element of document.querySelectorAll("main [data-arch]:not(.verdict), section[data-question]")) {
      const { question, arch, poses, classes: own } = element.dataset;
      element.classList.toggle("filtered", differs(filters.question.value, question) || differs(filters.arch.value, arch) || differs(filters.poses.value, poses)
        || differs(classes, own) || (filters.wrong.checked && element.matches(".mark.right")));
    }
  };
  const cell = (row, [, key, text, kind]) => {
    const td = document.createElement("td");
    if (kind) td.className = kind;
    if (key === RIGHT) td.className = row[RIGHT] === 2 ? "right-cell" : "wrong-cell";
    if (key === null && sheet) {
      for (const [seed, name] of [[row[A], row[CLASS_A]], [row[B], row[CLASS_B]]]) {
        if (seed < 0 || data.places[seed] === undefined) continue;
        const canvas = document.createElement("canvas");
        canvas.dataset.seed = seed;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `image ${seed} of class ${data.classes[name]}`);
        td.append(canvas);
        drawSeed(canvas);
      }
    }
    td.append(text(row));
    return td;
  };
  const table = byId("rows");
  const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PER_PAGE));
    table.tBodies[0].replaceChildren(...shown.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map((row) => {
      const tr = document.createElement("tr");
      tr.append(...columns.map((column) => cell(row, column)));
      return tr;
    }));
    byId("row-count").textContent = `${shown.length} of ${data.rows.length} results`;
    byId("page-of").textContent = `page ${page + 1} of ${pages}`;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page + 1 >= pages;
    byId("pages").hidden = pages === 1;
    [...table.tHead.rows[0].cells].forEach((th, at) => th.setAttribute("aria-sort", at === sortBy ? (descending ? "descending" : "ascending") : "none"));
  };
  const heading = document.createElement("tr");
  heading.append(...columns.map(([name, , , kind], at) => {
    const th = document.createElement("th");
    th.scope = "col";
    if (kind) th.className = kind;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      descending = at === sortBy ? !descending : false;
      sortBy = at;
      select();
    });
    th.append(button);
    return th;
  }));
  table.tHead.append(heading);
  for (const filter of Object.values(filters)) filter.addEventListener("change", select);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("previous").addEventListener("click", () => { page -= 1; draw(); });
  byId("next").addEventListener("click", () => { page += 1; draw(); });

  const start = () => {
    for (const canvas of document.querySelectorAll("canvas[data-seed]")) drawSeed(canvas);
    byId("filters").hidden = false;
    table.hidden = false;
    select();
    // What is wider than its box can be moved by keyboard; boxes inside of closed details have no width yet.
    const sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
      }
    });
    for (const box of document.querySelectorAll(".scroll")) sizes.observe(box);
    document.documentElement.dataset.ready = "true";
  };
  // Pictures are drawn once they are decoded; a sheet that cannot be is left out.
  if (sheet) sheet.decode().then(start, () => { sheet = null; start(); });
  else start();
})();
