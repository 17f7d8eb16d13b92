"""What the customers of the demo thought of it, and what came of that: answers, calls, staying or leaving."""
