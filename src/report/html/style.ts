/** The page's one stylesheet: system fonts, light and dark, from 320 px up. */
export const STYLE = `
:root{--paper:#f3f5f7;--card:#fff;--ink:#151b23;--soft:#58636f;--line:#d9dfe5;--wash:#eaeef2;--before:#8a97a5;--was:#6b7885;--after:#1557c0;--good:#0c7a4d;--bad:#c0311a;--bad-wash:#fdeeea;--warn:#8f5f00;--violet:#6b3fb5}
@media (prefers-color-scheme:dark){:root{--paper:#0e1217;--card:#161c23;--ink:#e4e9ee;--soft:#94a1ae;--line:#2a333d;--wash:#1e262f;--before:#76838f;--was:#93a0ad;--after:#6ba6ff;--good:#4cc38a;--bad:#ff8266;--bad-wash:#2c1a17;--warn:#e0b050;--violet:#b99af5}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:36px 24px 64px}
h1,h2,h3,.big{font-weight:650;letter-spacing:-.015em}
h1{font-size:clamp(22px,3.6vw,30px);line-height:1.15;margin:4px 0 8px}
h2{font-size:21px;margin:52px 0 16px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16.5px;line-height:1.3;margin:0}
h4{margin:16px 0 6px;font-size:14px}
h5{margin:14px 0 4px;font-size:13.5px}
h6{margin:10px 0 4px;font-size:12px;font-weight:600;color:var(--soft)}
p{margin:0 0 10px}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:3px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--after);outline-offset:3px;border-radius:3px}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em}
pre{background:var(--wash);border-radius:6px;padding:10px 12px;margin:0 0 8px;white-space:pre-wrap}
small{font-size:12.5px;color:var(--soft)}
ul{padding-left:18px}
.muted{color:var(--soft)}.small{font-size:13px}
.good{color:var(--good)}.bad{color:var(--bad)}.violet{color:var(--violet)}
.brand{margin:0;font-size:15px;color:var(--soft)}.brand span{font-size:13px}
.hero{margin:26px 0 18px}
.big{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 18px;font-size:clamp(34px,6.6vw,60px);line-height:1.1;letter-spacing:-.03em}
.big .was{color:var(--was);font-weight:500}.big .now{color:var(--after)}.big .arrow{color:var(--soft);font-size:.6em}
.big .factor{font-size:clamp(18px,2.6vw,26px);letter-spacing:-.01em;margin-left:auto}
.big .factor small{font-size:.7em;font-weight:400;margin-left:6px}
svg{display:block;overflow:visible}
.bars{width:100%;height:24px;margin:16px 0 12px}
rect.before{fill:var(--before)}rect.after{fill:var(--after)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:0 0 20px;background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.tiles>div{box-shadow:0 0 0 1px var(--line);padding:12px 14px}
.tiles dt{font-size:12.5px;color:var(--soft)}.tiles dd{margin:0;display:flex;flex-wrap:wrap;gap:0 8px;align-items:baseline}
.tiles b{font-size:19px;width:100%}.tiles em{font-style:normal;font-size:12.5px;font-weight:600}
.tally{display:flex;flex-wrap:wrap;gap:0 20px;font-size:15px}.tally b{font-size:19px;margin-right:3px}
nav{display:flex;flex-wrap:wrap;gap:6px 16px;padding:12px 0;margin-top:14px;font-size:13.5px}
nav a{color:var(--soft)}nav a:hover{color:var(--ink)}
.score{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(232px,1fr));gap:12px}
.score li{background:var(--card);border:1px solid var(--line);border-top:3px solid var(--line);border-radius:8px;padding:12px 14px;display:flex;flex-direction:column;gap:2px}
.score .met{border-top-color:var(--good)}.score .missed{border-top-color:var(--bad)}
.score b{font-size:22px;line-height:1.2}.score .pill{align-self:flex-start}
.met .pill{color:var(--good)}.missed .pill{color:var(--bad)}
.pill{font-size:12px;font-weight:600;color:var(--soft)}
.unknowns{margin-top:14px;color:var(--soft)}
details{margin:8px 0}
summary{cursor:pointer;font-size:13.5px;color:var(--soft)}summary:hover{color:var(--ink)}
details[open]>summary{margin-bottom:8px;color:var(--ink)}
.forest{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.frow{display:grid;grid-template-columns:26px minmax(0,5fr) minmax(0,6fr) 122px;gap:0 14px;align-items:center;padding:8px 14px;text-decoration:none;border-top:1px solid var(--line)}
.frow:first-child{border-top:0}a.frow:hover{background:var(--wash)}
.fhead{padding-top:10px;padding-bottom:2px}.fhead+.frow{border-top:0}
.fnum{color:var(--soft);font-size:13px}
.ftitle{font-size:14px;line-height:1.4}
.fvalue{text-align:right;white-space:nowrap;font-weight:600;font-size:14px;line-height:1.25}.fvalue small{display:block;font-weight:400}
.is-refuted{background:var(--bad-wash)}.is-refuted .fvalue{color:var(--bad)}.is-accepted .fvalue{color:var(--good)}
.plot{width:100%;height:30px}.plot.scale{height:16px}
svg text{font-size:11.5px;fill:var(--soft)}
line.grid{stroke:var(--line)}line.one{stroke:var(--soft);stroke-dasharray:2 2}
.ci{stroke:var(--ink);stroke-width:2.5;stroke-linecap:round}.measured{fill:var(--ink)}
.is-accepted .ci{stroke:var(--good)}.is-accepted .measured{fill:var(--good)}
.is-refuted .ci{stroke:var(--bad)}.is-refuted .measured{fill:var(--bad)}
.gap{stroke:var(--bad);stroke-dasharray:1 4;stroke-linecap:round;stroke-width:1.5}
.foreseen{fill:var(--card);stroke:var(--soft);stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:10px 2px;font-size:12.5px;color:var(--soft)}
.key{display:inline-flex;align-items:center;gap:7px}.key i{display:inline-block}
.k-foreseen{width:8px;height:8px;border:1.5px solid var(--soft);transform:rotate(45deg)}.k-measured{width:9px;height:9px;border-radius:50%;background:var(--ink)}.k-before{width:9px;height:9px;border-radius:50%;background:var(--before)}.k-after{width:9px;height:9px;border-radius:50%;background:var(--after)}.k-one{width:0;height:12px;border-left:1.5px dashed var(--soft)}
.badge{display:inline-block;font-size:12px;font-weight:600;line-height:1;padding:4px 8px;border-radius:99px;white-space:nowrap;border:1px solid}
.badge.accepted{color:var(--good)}.badge.rejected{color:var(--soft)}.badge.escalated{color:var(--violet)}
.badge.refuted{color:var(--card);background:var(--bad);border-color:var(--bad)}
.ftitle .badge{font-size:11px;padding:3px 7px;margin-left:4px}
.timeline{list-style:none;margin:0;padding:0 0 0 38px;position:relative}
.timeline:before{content:"";position:absolute;left:14px;top:8px;bottom:8px;border-left:2px solid var(--line)}
.timeline>li{position:relative;margin-bottom:22px;scroll-margin-top:16px}
.node{position:absolute;left:-38px;top:14px;width:30px;height:30px;border-radius:50%;display:grid;place-items:center;font-size:13px;font-weight:600;background:var(--card);border:2px solid var(--soft);color:var(--soft)}
.accept>.node{background:var(--good);border-color:var(--good);color:var(--card)}.refuted>.node{background:var(--bad);border-color:var(--bad);color:var(--card)}.escalate>.node{border-color:var(--violet);color:var(--violet)}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 20px}
.stack{display:grid;gap:16px}
.refuted>article{border-color:var(--bad)}
article header{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center;justify-content:space-between;margin-bottom:6px}
article header h3{flex:1 1 300px}
.why{color:var(--soft);font-size:14px}
.duel{display:grid;grid-template-columns:1fr 1fr;border:1px solid var(--line);border-radius:8px;margin:12px 0;overflow:hidden}
.duel>div{padding:10px 14px}.duel>div+div{border-left:1px solid var(--line)}
.duel b{display:block;font-size:22px;line-height:1.25}.duel span{font-size:12.5px;color:var(--soft);display:block}
.duel .foreseen b{color:var(--soft);font-weight:500}
.accept .duel .measured b{color:var(--good)}.refuted .duel .measured b{color:var(--bad)}
.refuted .duel .measured{background:var(--bad-wash)}
.dists{margin:14px 0 10px}
.dist{display:grid;grid-template-columns:minmax(0,170px) minmax(0,1fr) 178px;gap:0 14px;align-items:center}
.dname{font-size:13.5px;line-height:1.3}.dvalue{font-size:13px;text-align:right;line-height:1.3}.dvalue b{font-weight:600;display:block}.dvalue i{font-style:normal;color:var(--soft)}.dvalue small{font-size:12px;display:block;line-height:1.3}
.strip{width:100%;height:42px}.strip.ticks{height:16px}
.before circle{fill:var(--before)}.after circle{fill:var(--after)}.strip circle{opacity:.55}
.range{stroke-width:6;opacity:.22;stroke-linecap:round}.median{stroke-width:2}
.before .range,.before .median{stroke:var(--before)}.after .range,.after .median{stroke:var(--after)}
.checks{display:flex;flex-wrap:wrap;gap:6px 26px;margin:8px 0 10px}.checks div{display:flex;gap:6px}.checks dt{color:var(--soft);font-size:13px}.checks dd{margin:0;font-size:13px}
.note{border-left:3px solid var(--violet);padding:6px 14px;margin:10px 0;background:var(--wash);border-radius:0 8px 8px 0}
.plans{display:grid;grid-template-columns:1fr 1fr;gap:0 18px}.plans h5{grid-column:1/-1}.plans.same{grid-template-columns:1fr}
.tree,.tree ul{list-style:none;margin:0;padding:0}.tree ul{padding-left:15px;border-left:1px solid var(--line);margin-left:5px}
.tree{font-size:13px;line-height:1.65}.tree b{font-weight:600}.tree em{font-style:normal;color:var(--soft)}
.tree .gone{background:color-mix(in srgb,var(--before) 22%,transparent);border-radius:3px;padding:1px 5px}.tree .new{background:color-mix(in srgb,var(--after) 20%,transparent);border-radius:3px;padding:1px 5px}
.scroll{overflow-x:auto;margin:6px 0}
table{border-collapse:collapse;width:100%;font-size:13.5px;overflow-wrap:normal}
th{text-align:left;font-weight:600;font-size:12.5px;color:var(--soft)}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
td small{white-space:nowrap}.n{text-align:right;white-space:nowrap}
.workload td:first-child{min-width:150px}.barcol{min-width:120px;width:22%}.pair{width:100%;height:14px;margin-top:4px}
.files{padding-left:26px}.files li{margin-bottom:10px}.files span,.files small{display:block}
.findings,.plainlist{list-style:none;padding:0;margin:0}
.findings>li{display:grid;grid-template-columns:68px 1fr;gap:0 10px;padding:9px 0;border-bottom:1px solid var(--line)}
.findings details{margin:2px 0}.findings em{font-style:normal;font-size:12.5px}.findings .resolved{color:var(--good)}.findings em.open{color:var(--soft)}
.critical>.pill{color:var(--bad)}.warning>.pill{color:var(--warn)}
.plainlist li{padding:8px 0;border-bottom:1px solid var(--line)}
.two{display:grid;grid-template-columns:1fr 1fr;gap:0 32px}
footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:12.5px}
@media (max-width:720px){
main{padding:22px 14px 48px}
.frow{grid-template-columns:22px minmax(0,1fr) auto;padding:10px 12px}.frow .plot{grid-column:1/-1;grid-row:2;margin-top:4px}.fhead .plot{grid-row:1}
.big .factor{margin-left:0;width:100%}
.timeline{padding-left:0}.timeline:before{display:none}.node{position:static;margin-bottom:6px}
article{padding:14px}
.duel{grid-template-columns:1fr}.duel>div+div{border-left:0;border-top:1px solid var(--line)}
.dist{grid-template-columns:1fr auto}.dist .strip{grid-column:1/-1;grid-row:2}.dist .ticks{grid-row:1}
.dvalue{font-size:12.5px}
.plans,.two{grid-template-columns:1fr}
.findings>li{grid-template-columns:1fr}
}
@media print{nav{display:none}article{break-inside:avoid}}
`;
