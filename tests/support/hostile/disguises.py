"""Text that some of FFmpeg's demuxers would follow to other files and to the network, under names of films.

Each leads to `address`, so that whoever listens there knows that it was followed.
"""

from __future__ import annotations

import random

_TEMPLATES = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}/a.ts\n#EXT-X-ENDLIST\n",
    "hls key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{address}/key"\n#EXTINF:1,\n/etc/hostname\n',
    "hls master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{address}/b.m3u8\n",
    "concat": "ffconcat version 1.0\nfile '{address}/c.mp4'\nfile /etc/passwd\n",
    "concat option": "ffconcat version 1.0\nfile /dev/zero\noption safe 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet mimeType='
    '"video/mp4"><Representation id="1"><BaseURL>{address}/d.mp4</BaseURL></Representation></AdaptationSet>'
    "</Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "asx": '<asx version="3.0"><entry><ref href="{address}/e.wmv"/></entry></asx>',
    "ram": "{address}/f.rm\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}/g.png"/></svg>',
    "rtsp redirect": "RTSPtext\n{address}/h\n",
    "smooth": '<SmoothStreamingMedia MajorVersion="2"><StreamIndex Url="{address}/i"/>',
    "subtitles": "1\n00:00:00,000 --> 00:00:01,000\n{address}\n",
    "imf": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">'
    "<Id>{address}</Id></CompositionPlaylist>",
}
"""By kind."""


def disguised(rng: random.Random, port: int) -> tuple[str, bytes]:
    """(kind, text); now and then behind the first bytes of a film, to which probing may fall."""
    kind = rng.choice(sorted(_TEMPLATES))
    text = _TEMPLATES[kind].format(address=f"http://127.0.0.1:{port}", port=port).encode()
    front = b"\0\0\0\x14ftypisom\0\0\0\0isom" if rng.random() < 0.2 else b""
    return kind, front + text
