// SPDX-License-Identifier: GPL-2.0
//
// The map of the address space. Segments are as wide as the logarithm of their size, what
// is empty between them is closed up to a thin gap; within a segment addresses are linear.
// Whatever comes from the dump gets into the page by textContent only.
"use strict";

(() => {
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 176, GAP = 5, ZOOM_MAX = 5e7;
// Top and height of the rows: names, memory, zeroed, copies, findings, addresses.
const ROW = { name: 15, memory: [22, 44], zero: [72, 18], copy: [96, 14], found: [118, 24], axis: 166 };
const REGIONS = { mapping: "mapped file", heap: "heap", stack: "stack", anonymous: "anonymous memory",
	several: "several segments", absent: "memory" };

const hex = (n) => "0x" + n.toString(16);
const size = (bytes) => {
	const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	let i = 0;
	for (; bytes >= 1024 && i < 6; i++)
		bytes /= 1024;
	return `${i ? bytes.toFixed(1) : bytes} ${units[i]}`;
};
const node = (name, attributes, ...children) => {
	const element = document.createElement(name);
	Object.assign(element, attributes);
	element.append(...children);
	return element;
};
const shape = (name, attributes) => {
	const element = document.createElementNS(SVG, name);
	for (const key in attributes)
		element.setAttribute(key, attributes[key]);
	return element;
};
const span = ([start, length]) => ({ start: BigInt(start), end: BigInt(start) + BigInt(length) });
const byStart = (a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
const at = (spans, address) => {
	let low = 0, high = spans.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (spans[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < spans.length && spans[low].start <= address ? spans[low] : null;
};

class AddressMap {
	constructor(article, data) {
		this.article = article;
		this.number = data.number;
		this.rows = [...article.querySelectorAll(".findings tbody tr")];
		this.spans = {};
		for (const name of ["zero", "left_out", "copies", "holes"])
			this.spans[name] = data[name].map(span).sort(byStart);
		this.items = data.items.map((item, index) => item.start && {
			...item, index, start: BigInt(item.start),
			end: BigInt(item.start) + BigInt(item.size || 1),
		}).filter(Boolean).sort(byStart);
		this.layOut(data.segments);
		this.view = { left: 0, zoom: 1 };
		this.cursor = null;		// place on the map
		this.exact = null;		// address there, where it is known to the byte
		this.selected = -1;
		this.build(article.querySelector(".map"));
		this.listen();
		this.draw();
	}

	layOut(segments) {
		let x = 0;
		this.blocks = segments.map((segment) => {
			const start = BigInt(segment.start), bytes = BigInt(segment.size);
			return { ...segment, start, bytes, end: start + bytes,
				name: segment.mapping ? segment.mapping.split("/").pop() :
					segment.region === "stack" ? `stack of ${segment.thread}` :
					segment.region === "heap" ? "heap" : "" };
		}).sort(byStart);
		this.blocks.forEach((block, i) => {
			if (i && this.blocks[i - 1].end !== block.start)
				x += GAP;
			block.x = x;
			block.w = 4 + 6 * Math.log2(1 + Number(block.bytes) / 4096);
			x += block.w;
		});
		this.total = Math.max(x, 1);
	}

	place(address) {
		const block = at(this.blocks, address);
		if (block)
			return block.x + block.w * (Number(address - block.start) / Number(block.bytes));
		const next = this.blocks.find((b) => b.start >= address);
		return next ? next.x : this.total;
	}

	address(x) {
		const block = this.blocks.find((b) => x >= b.x && x < b.x + b.w);
		if (!block)
			return null;
		const offset = BigInt(Math.floor((x - block.x) / block.w * Number(block.bytes)));
		return block.start + (offset < block.bytes ? offset : block.bytes - 1n);
	}

	build(section) {
		const button = (label, text, action) => node("button", { type: "button", textContent: text,
			title: label, ariaLabel: label, onclick: action });
		this.svg = shape("svg", { "aria-hidden": "true" });
		this.stage = node("div", { className: "stage", tabIndex: 0, role: "application",
			ariaLabel: "Map of the address space. Arrow keys move the cursor, plus and minus " +
				"zoom, N and P go from finding to finding, Enter shows the finding in the " +
				"table, 0 shows all." }, this.svg);
		const rows = node("div", { className: "rows", ariaHidden: "true" });
		const captions = { memory: "memory", zero: "zeroed", copy: "copies", found: "findings" };
		for (const row in captions) {
			const caption = node("span", { textContent: captions[row] });
			caption.style.top = `${ROW[row][0] + ROW[row][1] / 2 - 6}px`;
			rows.append(caption);
		}
		this.readout = node("p", { className: "readout", role: "status" });
		section.append(node("div", { className: "bar" },
			node("h2", { textContent: "Address space" }),
			button("previous finding", "\u2039", () => this.step(-1)),
			button("next finding", "\u203a", () => this.step(1)),
			button("zoom in", "+", () => this.zoom(2, this.focusPoint())),
			button("zoom out", "\u2212", () => this.zoom(0.5, this.focusPoint())),
			button("show all", "all", () => this.showAll())),
			node("div", { className: "chart" }, rows, this.stage), this.readout, this.legend());
		section.hidden = false;
		this.say();
	}

	legend() {
		const list = node("ul", { className: "legend" });
		const entries = [["r-mapping", "mapped file"], ["r-heap", "heap"], ["r-stack", "stack"],
			["r-anonymous", "anonymous memory"], ["r-hole", "hole: reads as zeros"],
			["out", "not in the dump"], ["r-zero", "registered, must be zero"],
			["r-left", "left out"], ["r-copy", "copy that was zeroed"], ["m-key", "key material"],
			["m-note", "note"]];
		for (const [name, text] of entries) {
			const svg = shape("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
			svg.append(shape("rect", { width: 14, height: 14, ...this.fill(name) }));
			list.append(node("li", {}, svg, text));
		}
		return list;
	}

	fill(name) {
		return name === "out" ? { class: "r-out", fill: `url(#hatch-${this.number})` } : { class: name };
	}

	listen() {
		let drag = null;
		for (const row of this.rows)
			row.classList.add("live");
		this.rows.forEach((row, index) => {
			const number = row.cells[0];
			const button = node("button", { type: "button", textContent: number.textContent,
				ariaLabel: `show finding ${number.textContent} on the map` });
			number.replaceChildren(button);
			row.addEventListener("click", () => this.select(index, false));
		});
		this.stage.addEventListener("wheel", (event) => {
			event.preventDefault();
			this.zoom(Math.exp(-event.deltaY / (event.deltaMode ? 12 : 350)), this.point(event));
		}, { passive: false });
		this.stage.addEventListener("pointerdown", (event) => {
			drag = { x: event.clientX, left: this.view.left, moved: false };
		});
		this.stage.addEventListener("pointermove", (event) => {
			if (drag && event.buttons) {
				drag.moved ||= Math.abs(event.clientX - drag.x) > 3;
				this.moveTo(drag.left - (event.clientX - drag.x) / this.scale());
			}
			this.exact = null;
			this.cursor = this.toX(this.point(event));
			this.say();
			this.draw();
		});
		this.stage.addEventListener("pointerup", (event) => {
			if (drag && !drag.moved) {
				const item = this.nearest(this.toX(this.point(event)));
				if (item)
					this.select(item.index, true);
			}
			drag = null;
		});
		this.stage.addEventListener("keydown", (event) => this.key(event));
		new ResizeObserver(() => this.draw()).observe(this.stage);
	}

	key(event) {
		const keys = {
			ArrowLeft: () => this.moveCursor(event.shiftKey ? -1 : -16),
			ArrowRight: () => this.moveCursor(event.shiftKey ? 1 : 16),
			"+": () => this.zoom(2, this.focusPoint()), "=": () => this.zoom(2, this.focusPoint()),
			"-": () => this.zoom(0.5, this.focusPoint()),
			0: () => this.showAll(), Home: () => this.showAll(),
			n: () => this.step(1), p: () => this.step(-1),
			Enter: () => this.selected >= 0 && this.rows[this.selected].scrollIntoView({ block: "center" }),
		};
		if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		keys[event.key]();
	}

	width() { return Math.max(this.stage.clientWidth, 1); }
	scale() { return this.width() / this.total * this.view.zoom; }
	toX(pixel) { return this.view.left + pixel / this.scale(); }
	toPixel(x) { return (x - this.view.left) * this.scale(); }
	point(event) { return event.clientX - this.stage.getBoundingClientRect().left; }

	focusPoint() {
		const pixel = this.cursor === null ? -1 : this.toPixel(this.cursor);
		return pixel < 0 || pixel > this.width() ? this.width() / 2 : pixel;
	}

	moveTo(left) {
		this.view.left = Math.min(Math.max(left, 0), this.total - this.total / this.view.zoom);
	}

	zoom(factor, pixel) {
		const x = this.toX(pixel);
		this.view.zoom = Math.min(Math.max(this.view.zoom * factor, 1), ZOOM_MAX);
		this.moveTo(x - pixel / this.scale());
		this.draw();
	}

	showAll() {
		this.view = { left: 0, zoom: 1 };
		this.draw();
	}

	moveCursor(pixels) {
		if (this.cursor === null)
			this.cursor = this.toX(this.width() / 2);
		this.exact = null;
		this.cursor = Math.min(Math.max(this.cursor + pixels / this.scale(), 0), this.total);
		const pixel = this.toPixel(this.cursor);
		if (pixel < 0 || pixel > this.width())
			this.moveTo(this.cursor - this.total / this.view.zoom / 2);
		this.say();
		this.draw();
	}

	nearest(x) {
		let best = null, distance = 8 / this.scale();
		for (const item of this.items) {
			const from = this.place(item.start), to = this.place(item.end - 1n);
			const d = x < from ? from - x : x > to ? x - to : 0;
			if (d <= distance) {
				best = item;
				distance = d;
			}
		}
		return best;
	}

	step(by) {
		if (!this.items.length)
			return;
		const now = this.items.findIndex((item) => item.index === this.selected);
		const next = now < 0 ? (by > 0 ? 0 : this.items.length - 1) :
			(now + by + this.items.length) % this.items.length;
		this.select(this.items[next].index, false);
	}

	select(index, scroll) {
		const item = this.items.find((i) => i.index === index);
		this.rows[this.selected]?.classList.remove("selected");
		this.selected = index;
		this.rows[index]?.classList.add("selected");
		if (scroll)
			this.rows[index]?.scrollIntoView({ block: "nearest" });
		if (item) {
			const block = at(this.blocks, item.start);
			this.cursor = this.place(item.start);
			this.exact = item.start;
			if (block)
				this.view.zoom = Math.max(this.view.zoom, Math.min(this.total / (4 * block.w), ZOOM_MAX), 1);
			this.moveTo(this.cursor - this.total / this.view.zoom / 2);
			this.say();
		}
		this.draw();
	}

	// What is under the cursor, in words.
	say() {
		const address = this.exact ?? (this.cursor === null ? null : this.address(this.cursor));
		if (address === null) {
			this.readout.textContent = this.cursor !== null ? "empty: no memory was mapped here" :
				this.blocks.length ? "Point at the map, or move over it with the arrow keys." :
				"The dump names no memory.";
			return;
		}
		const block = at(this.blocks, address), item = this.exact !== null ?
			this.items.find((i) => i.index === this.selected) : this.nearest(this.cursor);
		const words = [hex(address), block.mapping || REGIONS[block.region] || block.region];
		if (block.region === "stack")
			words[1] = `stack of thread ${block.thread}`;
		words.push(`${hex(block.start)} to ${hex(block.end - 1n)}, ${size(Number(block.bytes))}`);
		if (block.region !== "several" && address >= block.start + BigInt(block.dumped))
			words.push("not in the dump");
		else if (at(this.spans.zero, address))
			words.push("registered, must be zero");
		else if (at(this.spans.left_out, address))
			words.push("left out of the dump");
		else if (at(this.spans.copies, address))
			words.push("a copy, which was zeroed");
		else if (at(this.spans.holes, address))
			words.push("a hole, which reads as zeros");
		if (item)
			words.push(`finding ${item.index + 1}: ${item.title}, ${item.where}`);
		this.readout.textContent = words.join(" \u00b7 ");
	}

	draw() {
		this.pending ||= requestAnimationFrame(() => {
			this.pending = 0;
			this.render();
		});
	}

	rect(x1, x2, [top, height], name) {
		const from = Math.max(x1, -2), to = Math.min(Math.max(x2, x1 + 1.5), this.width() + 2);
		if (to > from)
			this.parts.push(shape("rect", { x: from.toFixed(2), y: top,
				width: (to - from).toFixed(2), height, ...this.fill(name) }));
	}

	// Rectangles that would fall on the same pixel are drawn once.
	band(spans, row, name) {
		let drawn = -Infinity;
		for (const { start, end } of spans) {
			const x1 = this.toPixel(this.place(start)), x2 = this.toPixel(this.place(end - 1n));
			if (x2 < 0 || x1 > this.width() || x2 < drawn)
				continue;
			this.rect(Math.max(x1, drawn), x2, row, name);
			drawn = Math.max(x2, x1 + 1.5);
		}
	}

	text(x, y, words, room) {
		const letters = Math.floor(room / 6.2);
		if (letters < 4)
			return;
		const label = shape("text", { x: x.toFixed(1), y });
		label.textContent = words.length > letters ? words.slice(0, letters - 1) + "\u2026" : words;
		this.parts.push(label);
	}

	render() {
		const width = this.width();
		this.parts = [];
		const defs = shape("defs", {}), hatch = shape("pattern", { id: `hatch-${this.number}`,
			width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
		hatch.append(shape("line", { x1: 0, y1: 0, x2: 0, y2: 5, class: "hatch" }));
		defs.append(hatch);
		this.parts.push(defs);
		let axis = -Infinity;
		this.blocks.forEach((block, i) => {
			const x1 = this.toPixel(block.x), x2 = this.toPixel(block.x + block.w);
			const before = i && this.toPixel(this.blocks[i - 1].x + this.blocks[i - 1].w);
			if (i && x1 - before > 2 && x1 > 0 && before < width)
				this.parts.push(shape("line", { x1: before, x2: x1, y1: 44, y2: 44, class: "empty" }));
			if (x2 < 0 || x1 > width)
				return;
			const share = block.region === "several" ? 1 : block.dumped / Number(block.bytes);
			const middle = x1 + (x2 - x1) * Math.min(share, 1);
			if (share < 1)
				this.rect(middle, x2, ROW.memory, "out");
			if (share > 0)
				this.rect(x1, Math.max(middle - (x2 - x1 > 4 ? 0.7 : 0), x1 + 0.7), ROW.memory,
					`r-${block.region}`);
			const left = Math.max(x1, 0), room = Math.min(x2, width) - left;
			if (block.name)
				this.text(left + 2, ROW.name, block.name, room - 4);
			if (left > axis && room > 30) {
				this.text(left, ROW.axis, hex(x1 >= 0 ? block.start : this.address(this.toX(0))),
					Math.min(width - left, 130));
				axis = left + 120;
			}
		});
		this.band(this.spans.holes, ROW.memory, "r-hole");
		this.band(this.spans.zero, ROW.zero, "r-zero");
		this.band(this.spans.left_out, ROW.zero, "r-left");
		this.band(this.spans.copies, ROW.copy, "r-copy");
		this.marks();
		if (this.cursor !== null) {
			const x = this.toPixel(this.cursor);
			this.parts.push(shape("line", { x1: x, x2: x, y1: 18, y2: 148, class: "cursor" }));
		}
		this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
		this.svg.replaceChildren(...this.parts);
	}

	marks() {
		let drawn = -Infinity;
		for (const item of this.items) {
			const x1 = this.toPixel(this.place(item.start)), x2 = this.toPixel(this.place(item.end - 1n));
			const selected = item.index === this.selected;
			if (x2 < -6 || x1 > this.width() + 6 || (x1 < drawn + 1 && !selected))
				continue;
			drawn = x1;
			const [top, height] = ROW.found, more = selected ? " m-selected" : "";
			this.parts.push(shape("line", { x1, x2: x1, y1: ROW.memory[0], y2: top,
				class: `thread${more}` }));
			const right = Math.max(x2, x1);
			this.parts.push(shape("path", { class: `m-${item.key ? "key" : "note"}${more}`,
				"data-index": item.index,
				d: `M${x1} ${top}L${right} ${top}L${right + 5} ${top + 10}L${right + 5} ${top + height}` +
					`L${x1 - 5} ${top + height}L${x1 - 5} ${top + 10}Z` }));
		}
	}
}

for (const article of document.querySelectorAll(".dump:has(.data)"))
	article.addressMap = new AddressMap(article, JSON.parse(article.querySelector(".data").textContent));
})();
