package config
var refused = []struct{name, file, want string}{{"x","incidents: {severities: {sev1: {stale: 12:30}}}\n",""},{"x","a: &b [*c, !d e, {f: g, h: i}]\n? x\n: y\n",""},{"","people:\n- id: a\n  name: |\n    b\n  roles: >-\n   c\n",""}}
