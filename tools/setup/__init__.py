"""The steps of the set-up: each looks at what is there, does what is missing, repairs what is broken."""
