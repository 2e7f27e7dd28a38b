"""Line ends as everything here has them."""


def with_line_feeds(text: str) -> str:
    """Return a text whose line ends CR LF and CR are LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
