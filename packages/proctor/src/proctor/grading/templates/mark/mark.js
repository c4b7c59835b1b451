"use strict";
// One answer at a time: what is typed stays a draft until the gradebook has it. Texts go into the page as text, or as the harmless HTML of them.

const at = id => document.getElementById(id);
const token = location.hash.slice(1);
let questions = [], question = null, answers = [], place = 0;
// One thing after the other: a key that is pressed while a mark is being saved is of the answer that comes next.
// Where that could not be saved, what was typed ahead, and before anybody can have read so, is forgotten: it was meant
// for another answer.
const READING = 400;
let queue = Promise.resolve(), refusals = 0, deafUntil = 0, toComment = false;

class Told extends Error {}

async function ask(path, body) {
  const how = { headers: { Authorization: `token ${token}` } };
  if (body) Object.assign(how, { method: "POST", body: JSON.stringify(body) });
  let reply;
  try {
    reply = await fetch(`/api/${path}`, how);
  } catch {
    throw new Told("`proctor mark` does not answer, so this answer's mark is not saved. What you saved before is in the gradebook.");
  }
  const data = await reply.json();
  if (!reply.ok) throw Object.assign(new Told(data.message), { status: reply.status });
  return data;
}

function say(words, bad = false) {
  at("message").hidden = !words;
  at("message").textContent = words.charAt(0).toUpperCase() + words.slice(1);
  at("message").classList.toggle("bad", bad);
}

function act(work) {
  const before = refusals;
  queue = queue.then(() => before === refusals ? work() : undefined).catch(error => {
    refusals += 1;
    deafUntil = performance.now() + READING;
    toComment = false;
    say(error.message, true);
    if (document.activeElement === at("score")) at("score").select();
  });
}

function element(name, words, about = {}) {
  return Object.assign(document.createElement(name), { textContent: words }, about);
}

const path = (...parts) => parts.map(encodeURIComponent).join("/");
const current = () => answers[place];
// As in the rest of the course: an eighth whole, a third to two digits.
const points = number => {
  const digits = Math.abs(1000 * number - Math.round(1000 * number)) < 1e-6 ? 1000 : 100;
  return String(Math.round(number * digits) / digits);
};
const counted = (number, word) => `${points(number)} ${word}${number === 1 ? "" : "s"}`;

// What the fields held when the answer came: points are shown rounded, and a browser has line ends of its own, so
// what nobody touched is told by that, and is saved, if at all, as the gradebook has it.
let shown = {};

function draft() {
  const written = at("comment").value, comment = written === shown.comment ? current().comment : written.trim();
  if (at("score").value === shown.score) return { score: current().score, comment };
  const typed = at("score").value.trim().replace(",", ".");
  if (typed && !/^-?(\d+\.?\d*|\.\d+)$/.test(typed)) throw new Told(`Points should be a number from 0 to ${question.points}, not “${typed}”.`);
  return { score: typed ? Number(typed) : null, comment };
}

function isChanged() {
  if (!current()) return false;
  try {
    const { score, comment } = draft();
    return score !== current().score || comment !== current().comment;
  } catch {
    return true;
  }
}

function take(given) {
  for (const answer of answers) Object.assign(answer, given[answer.key]);
  showProgress();
}

async function save() {
  const answer = current(), { score, comment } = draft();
  const seen = { score: answer.score, comment: answer.comment, made_of: answer.made_of };
  at("comment").readOnly = at("score").readOnly = true;
  try {
    take((await ask(path("mark", question.id, answer.key), { score, comment, seen })).given);
  } catch (error) {
    if (error.status !== 409) throw error;
    await load(answer.key);
    shown = {};
    showText();
    showProgress();
    const { score, comment } = current(), theirs = score === null ? "no points" : `${points(score)} of ${question.points}`;
    throw new Told(`Yours is not saved: ${error.message}. In the gradebook: ${theirs}${comment ? `, “${comment}”` : ""}. Enter replaces it by yours, r takes it.`);
  } finally {
    at("comment").readOnly = at("score").readOnly = false;
  }
}

async function load(key) {
  answers = (await ask(path("answers", question.id))).answers;
  place = answers.findIndex(answer => answer.key === key);
  if (place < 0 && key) throw new Told("This answer is not there any more.");
}

function find(step) {
  const wanted = answer => answer && (answer.to_mark || !at("only-open").checked);
  for (let number = place + step; number >= 0 && number < answers.length; number += step) if (wanted(answers[number])) return number;
  return -1;
}

async function move(step) {
  if (isChanged()) await save();
  const to = find(step);
  if (to < 0) return say(step > 0 ? nothingMore() : "There is none before this one.");
  place = to;
  show();
}

async function saveAndNext() {
  if (draft().score === null && current().score === null) throw new Told("Type the points first.");
  await save();
  let to = find(1);
  if (to < 0) to = answers.findIndex(answer => answer.to_mark);
  if (to < 0) return (showDraft(), say(nothingMore()));
  place = to;
  show();
}

function nothingMore() {
  const open = answers.filter(answer => answer.to_mark).length;
  if (open) return `This is the last one; ${open} before it ${open > 1 ? "are" : "is"} to mark.`;
  const next = questions.find(other => other.to_mark);
  const all = answers.length > 1 ? `All ${answers.length} answers to this question are` : "The one answer to this question is";
  return `${all} marked.${next ? " n goes to the next question." : " So are all others."}`;
}

function show() {
  say("");
  showText();
  showDraft();
  showProgress();
}

function showText() {
  const answer = current();
  at("answer").hidden = !answer;
  if (!answer) return;
  at("who").textContent = `Student ${place + 1} of ${answers.length}`;
  // What a student wrote is HTML only as the server made it of Markdown; what is not Markdown, or is too long, is text.
  if (answer.html === null) at("text").textContent = answer.text;
  else at("text").innerHTML = answer.html;
  at("text").classList.toggle("typed", answer.html === null);
  at("text").classList.toggle("code", question.code);
  at("source").textContent = answer.text;
  at("source-part").hidden = answer.html === null;
  at("pictures").replaceChildren();
  at("outputs").replaceChildren();
  if (answer.pictures || at("outputs-part").open) act(showMore);
  at("checks-part").hidden = !answer.checks.length;
  at("checks").textContent = answer.checks.join("\n");
  const notes = [];
  if (answer.to_mark && answer.score !== null) notes.push("This answer has changed since it was marked: save the points again, or others.");
  if (answer.automatic !== null) notes.push(`Without a mark by hand it has ${counted(answer.automatic, "point")}.`);
  if (answer.extra) notes.push(`${counted(answer.extra, "extra point")} given in formgrader: that stays.`);
  at("note").textContent = notes.join(" ");
  at("note").hidden = !notes.length;
}

function showDraft() {
  const answer = current();
  if (!answer) return;
  at("score").value = answer.score === null ? "" : points(answer.score);
  at("comment").value = answer.comment;
  shown = { score: at("score").value, comment: at("comment").value };
  at("score").focus();
  at("score").select();
  showSteps();
  showUsed();
}

function picture(address) {
  return Object.assign(document.createElement("img"), { src: address, alt: "a picture of the student's" });
}

async function showMore() {
  const { pictures, outputs } = await ask(path("shown", question.id, current().key));
  const shown = outputs.map(output => output.picture ? picture(output.picture) : element("pre", output.text));
  at("pictures").replaceChildren(...pictures.map(picture));
  at("outputs").replaceChildren(...(shown.length ? shown : [element("p", "No figures and no tables.")]));
}

function showSteps() {
  const step = question.points <= 5 ? 0.5 : 1, buttons = [];
  for (let value = 0; value <= question.points; value += step) {
    const isIt = String(value) === at("score").value;
    const button = element("button", String(value), { type: "button", ariaPressed: String(isIt) });
    button.addEventListener("click", () => { at("score").value = value; showSteps(); });
    buttons.push(button);
  }
  at("steps").replaceChildren(...buttons);
}

function used() {
  const counts = new Map();
  for (const { comment } of answers) if (comment) counts.set(comment, (counts.get(comment) || 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]).slice(0, 9).map(([comment]) => comment);
}

function showUsed() {
  at("used").replaceChildren(...used().map((comment, number) => {
    const button = element("button", `${number + 1}  ${comment}`, { type: "button" });
    button.addEventListener("click", () => insert(comment));
    return button;
  }));
}

function insert(comment) {
  const own = at("comment").value.trim();
  if (comment && !own.split("\n").includes(comment)) at("comment").value = own ? `${own}\n${comment}` : comment;
}

function showProgress() {
  question.count = answers.length;
  question.to_mark = answers.filter(answer => answer.to_mark).length;
  at("progress").max = Math.max(answers.length, 1);
  at("progress").value = answers.length - question.to_mark;
  at("marked").textContent = `${answers.length - question.to_mark} of ${answers.length} marked`;
  for (const option of at("question").options) option.textContent = label(questions[option.value]);
}

const label = one => `${one.title} (${one.points}) – ${one.to_mark ? `${one.to_mark} to mark` : one.count ? "done" : "no answers"}`;

async function choose(number) {
  if (!questions[number]) return say("There is no other question there.");
  try {
    if (isChanged()) await save();
  } catch (error) {
    at("question").value = questions.indexOf(question);
    throw error;
  }
  question = questions[number];
  at("question").value = number;
  at("prose").innerHTML = question.prose;
  if (question.code) at("model").replaceChildren(element("pre", question.model_code));
  else at("model").innerHTML = question.model_answer;
  at("scheme").innerHTML = question.scheme;
  at("scheme-part").hidden = !question.scheme.trim();
  at("of").textContent = `of ${question.points}`;
  await load();
  place = Math.max(answers.findIndex(answer => answer.to_mark), 0);
  show();
  if (!answers.length) say("No answer to this question is graded yet; run `nbgrader autograde`.");
  else if (!question.to_mark) say(nothingMore());
}

const KEYS = {
  Enter: saveAndNext,
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
  p: () => choose(questions.indexOf(question) - 1), n: () => choose(questions.indexOf(question) + 1),
  c: () => { toComment = false; at("comment").focus(); at("comment").setSelectionRange(1e6, 1e6); },
  u: () => { at("score").value = ""; showSteps(); },
  r: show,
  f: () => { at("only-open").checked = !at("only-open").checked; },
  o: () => { at("outputs-part").open = !at("outputs-part").open; },
};

function type(key, field) {
  if (document.activeElement !== field) (field.focus(), field.select());
  field.setRangeText(key, field.selectionStart, field.selectionEnd, "end");
  showSteps();
}

function pressed(event) {
  const { key, target } = event, inComment = target === at("comment");
  if (event.isComposing || event.altKey || event.metaKey || target === at("question")) return;
  if (event.ctrlKey ? key !== "Enter" || !question : inComment && key !== "Escape") return;
  if (key === "Enter" && (target.tagName === "BUTTON" || target.tagName === "SUMMARY")) return;
  const nth = event.shiftKey && /^Digit[1-9]$/.test(event.code) && !/^\d$/.test(key) ? event.code.slice(5) : null;
  let work = KEYS[key];
  if (toComment && key.length === 1) work = () => type(key, at("comment"));
  else if (key === "Escape") work = () => at("score").focus();
  else if (nth) work = () => insert(used()[nth - 1]);
  else if (/^[\d.,-]$/.test(key)) work = () => type(key, at("score"));
  if (!work || !question) return;
  event.preventDefault();
  if (performance.now() < deafUntil) return;
  if (work === KEYS.c) toComment = true;
  act(work);
}

async function begin() {
  const found = await ask("questions");
  questions = found.questions;
  at("assignment").textContent = document.title = `Marking ${found.assignment}`;
  if (!questions.length) return say("This assignment has no written answers, and no check left one to a person: there is nothing to mark by hand.");
  at("question").replaceChildren(...questions.map((one, number) => element("option", label(one), { value: number })));
  document.querySelector("main").hidden = false;
  const wide = innerWidth >= 960;
  for (const part of [...document.querySelectorAll("#guide details"), at("keys")]) part.open = wide;
  at("guide").firstElementChild.open = true;
  await choose(Math.max(questions.findIndex(one => one.to_mark), 0));
}

document.addEventListener("keydown", pressed);
addEventListener("beforeunload", event => { if (isChanged()) event.preventDefault(); });
at("question").addEventListener("change", event => act(() => choose(Number(event.target.value))));
at("mark").addEventListener("submit", event => { event.preventDefault(); act(saveAndNext); });
at("previous").addEventListener("click", () => act(() => move(-1)));
at("next").addEventListener("click", () => act(() => move(1)));
at("score").addEventListener("input", showSteps);
at("outputs-part").addEventListener("toggle", () => { if (at("outputs-part").open) act(showMore); });
act(begin);
