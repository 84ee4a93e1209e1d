/* The desk works without this: links and forms do everything. What this adds: verdicts while somebody writes, fixes by one click, keys. */
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const kept = (store, name, value) => {
    try {
      return value === undefined ? store.getItem(name) : value === null ? store.removeItem(name) : store.setItem(name, value);
    } catch { return null; }  // a browser that keeps nothing
  };
  const DRAFT = "weerklank-desk-draft:", OFF = "weerklank-desk-keys-off";

  // --- verdicts while somebody writes ---

  const editor = one("[data-editor]");
  const text = editor && one("[data-text]", editor);
  const live = one("[data-live]");
  const say = (words) => { if (live) { live.textContent = ""; live.textContent = words; } };
  let running = null, timer = 0, judgedText = text && text.value;

  async function check() {
    running?.abort();
    const mine = running = new AbortController();
    const asked = text.value;
    const body = new URLSearchParams({ proof: editor.elements.proof.value, text: asked });
    try {
      const answer = await fetch(editor.dataset.check, { method: "POST", body, signal: mine.signal, credentials: "same-origin", redirect: "error" });
      if (mine.signal.aborted) return;
      if (!answer.ok) { say(answer.status === 401 ? editor.dataset.ended : editor.dataset.failed); return; }
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      const list = one("[data-judged]");
      const had = list.contains(document.activeElement);
      list.replaceChildren(...found.body.childNodes);
      list.dataset.of = asked;
      judgedText = asked;
      if (had) text.focus();
      say([...one("[data-sum]", list).children].map((part) => part.textContent.trim()).join(", "));
    } catch (error) {
      if (error.name !== "AbortError") say(editor.dataset.failed);
    }
  }

  const soon = (wait = 250) => { clearTimeout(timer); timer = setTimeout(check, wait); };

  /** Places count code points, and a browser counts UTF-16 units. */
  const units = (value, points) => [...value].slice(0, points).join("").length;

  function put(value, start, end) {
    text.focus();
    text.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, value)) text.setRangeText(value, start, end, "end");  // the first can be undone
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function fix(button) {
    if (text.value !== judgedText) { soon(0); return; }  // the places are of another text
    put(button.dataset.fix, units(text.value, +button.dataset.start), units(text.value, +button.dataset.end));
    say(editor.dataset.fixed);
    soon(0);
  }

  function show(button) {
    if (text.value !== judgedText) return;
    text.focus();
    text.setSelectionRange(units(text.value, +button.dataset.start), units(text.value, +button.dataset.end));
  }

  if (editor) {
    const name = DRAFT + editor.dataset.key;
    const lost = kept(sessionStorage, name);
    if (lost !== null && lost !== text.value && text.value === editor.dataset.saved) {
      text.value = lost;
      say(editor.dataset.restored);
      soon(0);
    } else if (text.value !== editor.dataset.saved) soon(0);
    else kept(sessionStorage, name, null);
    text.addEventListener("input", () => {
      kept(sessionStorage, name, text.value === editor.dataset.saved ? null : text.value);
      soon();
    });
    one("[data-judged]").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.fix !== undefined) fix(button);
      else if (button && "show" in button.dataset) show(button);
    });
  }
  one("[data-leave]")?.addEventListener("submit", () => {
    for (let at = sessionStorage.length - 1; at >= 0; at--) {
      const name = sessionStorage.key(at);
      if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
    }
  });

  // --- asked once more ---

  const sure = one("#sure");
  function confirmed(title, words, act) {
    one("[data-sure-title]", sure).textContent = title;
    one("[data-sure-text]", sure).textContent = words;
    sure.returnValue = "";
    sure.onclose = () => { if (sure.returnValue === "yes") act(); };
    sure.showModal();
    one("[data-yes]", sure).focus();
  }
  const submitTitle = sure && one("[data-sure-title]", sure).textContent;

  function goOn() {
    const approving = one("[data-approve]");
    const offering = editor && one("[formaction]", editor);
    if (approving) {
      if (approving.reportValidity()) confirmed(approving.dataset.title, one("#exact").textContent, () => approving.requestSubmit());
    } else if (offering) confirmed(submitTitle, text.value, () => editor.requestSubmit(offering));
    else if (editor) editor.requestSubmit();
    else one("[data-main]")?.click();
  }

  // --- keys ---

  const help = one("#help");
  const off = one("[data-keys-off]");
  all("[data-help]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => help.showModal()); });
  if (off) {
    off.checked = kept(localStorage, OFF) === "1";
    off.addEventListener("change", () => kept(localStorage, OFF, off.checked ? "1" : null));
  }

  function step(by) {
    const rows = all(".rows .row");
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
    if (at === rows.length - 1 && by > 0) { one("[data-next]")?.focus(); return; }
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || one("dialog[open]")) return;
    const strong = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (strong && event.key === "Enter") { event.preventDefault(); goOn(); return; }
    if (strong && event.key === "s" && editor) { event.preventDefault(); editor.requestSubmit(one('[name="act"]', editor)); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape") {
      if (typing) { typing.blur(); one("#main").focus(); } else one("[data-up]")?.click();
      return;
    }
    if (typing || off?.checked) return;
    const act = {
      j: () => step(1),
      k: () => step(-1),
      e: () => text ? (text.focus(), text.setSelectionRange(text.value.length, text.value.length)) : one("[data-main]")?.focus(),
      f: () => one("[data-judged] [data-fix]")?.click(),
      u: () => one("[data-up]")?.click(),
      "?": () => help?.showModal(),
    }[event.key] ?? (/^[1-4]$/.test(event.key) ? () => one(`[data-tab="${event.key}"]`)?.click() : null);
    if (act) { event.preventDefault(); act(); }
  });

  // --- where somebody begins ---

  one("[data-problem]")?.focus();
})();
