/** The style of the HTML report: paper first, then screens, then phones and print. Quotation marks are in the text. */
export const reportStyle = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2430;--soft:#5b6573;--line:#dde2e8;--wash:#f5f7f9;--accent:#1f5fa8;--warn-ink:#6b4300;--warn-wash:#fff6e3;--warn-line:#e9b44c;--mark:#fff2b8}
@media (prefers-color-scheme:dark){:root{--paper:#14181e;--ink:#e5e9ee;--soft:#9aa5b3;--line:#2e3640;--wash:#1c222a;--accent:#86b7f0;--warn-ink:#f3d8a0;--warn-wash:#2c2412;--warn-line:#a97a1c;--mark:#4a4016}}
*{box-sizing:border-box}
html{background:var(--wash);-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:1.5rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{max-width:54rem;margin:2rem auto;padding:3rem 3.5rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;border:1px solid var(--line);border-radius:.5rem;overflow-wrap:anywhere}
h1,h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","DejaVu Serif",serif;line-height:1.2;text-wrap:balance;font-weight:600}
h1{font-size:2.1rem;margin:.2rem 0 1.5rem}
h2{font-size:1.3rem;margin:2.6rem 0 .9rem}
p{margin:0 0 .5rem}
a{color:var(--accent);text-decoration-color:color-mix(in srgb,currentColor 35%,transparent);text-underline-offset:.18em}
a:hover{text-decoration-color:currentColor}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
.eyebrow{margin:0;color:var(--soft);font-size:.82rem;letter-spacing:.08em;text-transform:uppercase}
.muted,.note,.proof,q{color:var(--soft)}
q{quotes:none}
.muted a{color:inherit}
.head{display:grid;grid-template-columns:minmax(0,1.15fr) minmax(0,1fr);gap:1.25rem 2.5rem;padding:1.1rem 0;border-block:1px solid var(--line)}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.35rem 1.25rem;margin:0;align-content:start}
dt{color:var(--soft)}
dd{margin:0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;margin:1rem 0 0;padding:0;list-style:none;font-size:.92rem}
.notice{margin:1.5rem 0 0;padding:.9rem 1.2rem;color:var(--warn-ink);background:var(--warn-wash);border:1px solid var(--warn-line);border-left-width:.35rem;border-radius:.3rem}
.notice h2{margin:0 0 .3rem;font:600 1rem/1.4 inherit;font-family:inherit;font-size:1rem}
.notice p:last-child{margin:0}
.entries{margin:0;padding:0;list-style:none}
.entries li{margin:0 0 .8rem;padding-left:1.1rem;border-left:3px solid var(--line)}
.entries li>p{margin:0}
#summary .entries li{border-color:var(--accent);font-size:1.06rem}
.label{display:inline-block;min-width:1.9em;color:var(--soft);font-weight:600;font-variant-numeric:tabular-nums}
.proof{font-size:.92rem}
.time,td a,#chapters a{font-variant-numeric:tabular-nums;white-space:nowrap}
table{width:100%;border-collapse:collapse;font-size:.95rem}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.5rem .75rem .5rem 0;text-align:start;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;font-size:.85rem}
.end{text-align:end}
th:last-child,td:last-child{padding-right:0}
.participants table{font-size:.92rem}
.participants th,.participants td{padding-block:.25rem}
summary{cursor:pointer;margin:2.6rem 0 .9rem}
summary h2{display:inline;margin:0}
details:has(:target)::details-content{display:block;height:auto;content-visibility:visible}
.speech{margin:0;padding:0;list-style:none}
.speech li{display:grid;grid-template-columns:5.2rem minmax(0,1fr);padding:.2rem .4rem;border-radius:.25rem}
.speech .time{color:var(--soft);font-size:.88rem;line-height:1.8;text-decoration:none}
.speech b{margin-right:.5em}
:target{background:var(--mark)}
section:target,details:target{background:none}
@media (max-width:44rem){
html{background:var(--paper)}
body{margin:0;padding:1.5rem 1.1rem 3rem;border:0;border-radius:0}
h1{font-size:1.65rem}
.head{grid-template-columns:minmax(0,1fr)}
.speech li{grid-template-columns:minmax(0,1fr);padding:.35rem .2rem}
main table,main tbody,main tr,main td{display:block;width:100%}
main colgroup,main thead{display:none}
main tr{padding:.7rem 0;border-bottom:1px solid var(--line)}
main td{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.5rem;padding:.1rem 0;border:0}
main td::before{content:attr(data-title);color:var(--soft);font-size:.88rem}
}
@page{size:A4;margin:18mm 17mm 20mm}
@page{@bottom-right{content:counter(page) " / " counter(pages);font:9pt system-ui,sans-serif;color:#5b6573}}
@media print{
:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#4a4f57;--line:#c9ced5;--wash:#fff;--accent:#1a4f8c;--warn-ink:#3d2700;--warn-wash:#fff;--warn-line:#b58a2e;--mark:transparent}
html{background:none;font-size:10.5pt}
body{max-width:none;margin:0;padding:0;border:0}
nav{display:none}
a{text-decoration:none}
h1,h2,summary{break-after:avoid}
h2,summary{margin-top:1.6rem}
li,tr,.notice,.head{break-inside:avoid}
p{orphans:3;widows:3}
thead{display:table-header-group}
details:not([open]){display:none}
#transcript[open]{break-before:page}
}
`;
