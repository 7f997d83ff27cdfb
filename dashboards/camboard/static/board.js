// The live part of the board. No library, no string for people: those stand in the page's data attributes.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), age = $("age"), veil = $("veil");
  if (!board || !age || !veil) return;

  const RENEW_MS = 1000;     // at most one fetch a second, however lively the township
  const FIRST_MS = 1500;
  const LOST_MS = 3000;      // a reconnect quicker than this is nobody's business
  const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];

  // Age grows by this browser's own elapsed time since the server last told it; the two wall clocks are never
  // compared. A suspended laptop stops performance.now() on some systems, so the larger of both elapsed times counts.
  let toldAge = Number(age.dataset.ageMs), staleMs = Number(age.dataset.staleMs);
  let toldPerf = performance.now(), toldWall = Date.now();
  let shownAt = Number(age.dataset.atMs), lostSince = null, wanted = false, fetching = false, lastFetch = -RENEW_MS, tries = 0;
  let source = null, timer = 0;

  const elapsed = () => Math.max(performance.now() - toldPerf, Date.now() - toldWall, 0);

  function told(ms) {
    toldAge = ms;
    toldPerf = performance.now();
    toldWall = Date.now();
    showAge();
  }

  function words(ms) {
    const s = Math.floor(ms / 1000), d = age.dataset;
    if (s < 60) return d.s.replace("{n}", s);
    if (s < 3600) return d.m.replace("{n}", Math.floor(s / 60));
    return d.h.replace("{n}", Math.floor(s / 3600));
  }

  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function showAge() {
    const ms = toldAge + elapsed(), d = age.dataset;
    const old = ms > staleMs, lost = lostSince !== null && performance.now() - lostSince > LOST_MS;
    const expired = d.old.replace("{span}", words(ms));
    put(age, old || lost ? expired : d.fresh.replace("{span}", words(ms)));
    document.body.classList.toggle("stale", old || lost);
    if (old || lost) put(veil.firstElementChild, lost ? expired + " · " + d.lost : expired);
    veil.hidden = !(old || lost);
  }

  // Bring `to` (what is shown) to the shape of `from` (what came), touching only what differs: focus, selection and
  // scrolling stay. Children with data-key are moved, not rewritten.
  function morph(to, from) {
    if (to.hasAttribute("data-still")) return; // another script draws here, or a reader has set it
    for (const { name, value } of [...from.attributes]) if (to.getAttribute(name) !== value) to.setAttribute(name, value);
    for (const { name } of [...to.attributes]) if (!from.hasAttribute(name)) to.removeAttribute(name);
    children(to, from);
  }

  const key = (node) => (node.nodeType === 1 ? node.getAttribute("data-key") : null);

  function alike(a, b) {
    return a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
  }

  function children(to, from) {
    const keyed = new Map();
    for (const node of to.children) if (key(node) !== null) keyed.set(key(node), node);
    let at = to.firstChild;
    for (const want of [...from.childNodes]) {
      const k = key(want), same = k === null ? null : keyed.get(k);
      let have = at;
      if (same && same !== at) {
        if (same.contains(document.activeElement)) {
          // A moved node loses the focus: the others go round it.
          const behind = same.nextSibling;
          while (at && at !== same) {
            const next = at.nextSibling;
            to.insertBefore(at, behind);
            at = next;
          }
        } else to.insertBefore(same, at);
        have = same;
      }
      if (have && alike(have, want)) {
        const before = want.nodeType === 1 ? have.getAttribute("data-state") : null;
        if (want.nodeType === 1) morph(have, want);
        else if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue;
        if (before !== null && before !== have.getAttribute("data-state")) have.classList.add("changed");
        at = have.nextSibling;
      } else {
        to.insertBefore(document.importNode(want, true), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  async function renew() {
    clearTimeout(timer);
    if (!wanted || fetching || document.hidden) return;
    const wait = lastFetch + RENEW_MS - performance.now();
    if (wait > 0) {
      timer = setTimeout(renew, wait);
      return;
    }
    wanted = false;
    fetching = true;
    lastFetch = performance.now();
    try {
      const asked = board.dataset.fragment;
      const answer = await fetch(asked, { credentials: "same-origin", cache: "no-store" });
      if (asked !== board.dataset.fragment) {
        wanted = true; // the reader has gone on to another choice meanwhile
      } else if (answer.ok) {
        const page = new DOMParser().parseFromString("<main>" + (await answer.text()) + "</main>", "text/html");
        children(board, page.querySelector("main"));
        shownAt = Number(answer.headers.get("X-At-Ms"));
        const summary = $("summary");
        if (summary) put($("at"), summary.dataset.at);
        const open = $("open-count");
        if (open && summary?.dataset.open !== undefined) {
          put(open, summary.dataset.open);
          open.classList.toggle("some", summary.dataset.open !== "0");
        }
        told(Number(answer.headers.get("X-Age-Ms")));
        board.dispatchEvent(new Event("renewed"));
      } else if (answer.status === 401) {
        location.reload(); // signed out meanwhile: the server leads to the form, and back here
      }
    } catch {
      wanted = true; // the stream's own end says that we are lost; asked again when it is back
    }
    fetching = false;
    if (wanted && lostSince === null) renew();
  }

  function heard(event) {
    const message = JSON.parse(event.data);
    staleMs = message.stale_after_ms;
    // What is on screen is as old as what is on screen: only a board of this very instant takes the new age.
    if (message.at_ms === shownAt || document.hidden) told(message.age_ms);
    if (message.at_ms !== shownAt || event.type === "change") {
      wanted = true;
      renew();
    }
  }

  function ask(left = 4) {
    if (board.dataset.drawing && left) {
      setTimeout(ask, FIRST_MS, left - 1); // a page that still draws what it has is not read anew meanwhile
      return;
    }
    wanted = true;
    renew();
  }

  function listen() {
    source = new EventSource("/events");
    source.onopen = () => {
      // A page that has just come is as new as its Standing; what changed beside it since is asked for when the page
      // has been drawn. Who was away asks at once.
      const first = tries === 0 && shownAt >= 0;
      wanted ||= !first;
      if (first) setTimeout(ask, FIRST_MS);
      tries = 0;
      lostSince = null;
      renew();
      showAge();
    };
    source.onerror = () => {
      source.close();
      if (lostSince === null) lostSince = performance.now();
      const wait = BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2);
      tries += 1;
      setTimeout(listen, wait);
    };
    source.addEventListener("change", heard);
    source.addEventListener("beat", heard);
  }

  board.addEventListener("renew", () => {
    lastFetch = -RENEW_MS; // a reader who asks for something else doesn't wait
    wanted = true;
    renew();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    wanted = true;
    showAge();
    renew();
  });
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
  setInterval(showAge, 1000);
  listen();
})();
