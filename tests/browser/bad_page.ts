/** A page with every fault that the browser test looks for; the test must find all of them. */
export const BAD_PAGE = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Bad</title>
<link rel="icon" href="data:,"><style>a:focus{outline:none;text-decoration:none}</style></head>
<body style="background:#fff;color:#000">
<p>good one</p><p>good two</p><p>good three</p><p>good four</p><p>good five</p>
<p style="color:#999">pale</p>
<div style="background:#222"><p style="opacity:.9">black on black</p></div>
<p style="overflow:hidden;width:40px;white-space:nowrap">cut off at the side</p>
<p style="overflow:hidden;height:8px">cut off below</p>
<svg width="100" height="20"><rect width="100" height="20" fill="#fff"/><text y="15" fill="#ccc">pale svg</text></svg>
<svg width="50" height="10" viewBox="0 0 200 40"><rect width="200" height="40" fill="#fff"/><text y="20">tiny</text></svg>
<svg width="40" height="20"><text y="15">cut off by its picture</text></svg>
<p style="position:absolute;left:-50px">outside</p>
<p><a href="#one" tabindex="-1">no stop</a> <a href="#two">no ring</a> <a id="empty" href="#three"></a></p>
<div style="width:3000px">wide</div>
<img src="http://imap.invalid/x.png" alt="from elsewhere">
<script>console.warn("said something"); throw new Error("went wrong")</script>
</body></html>`;
