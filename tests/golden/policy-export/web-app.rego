# Written by `guard policy export --to rego` from the policy sha256:DIGEST: change that, not this.
# Ask it for data.guard.decision; the input is what `guard policy export --to rego --input COMMAND` prints.
package guard

import rego.v1

layers := {
	"repo": {"default": "allow", "permits_host": true, "may_open_host": false, "source": "policies/examples/web-app.yaml"},
}

rules := {
	"r0": {
		"id": "repo/migrations-are-history",
		"layer": "repo",
		"verdict": "ask",
		"run": "sandbox",
		"shadow": false,
		"source": "policies/examples/web-app.yaml:N",
		"why": "Applied migrations must never change.",
		"instead": "Add a new migration with the next number.",
	},
	"r1": {
		"id": "repo/deployment-is-reviewed",
		"layer": "repo",
		"verdict": "ask",
		"run": "sandbox",
		"shadow": false,
		"source": "policies/examples/web-app.yaml:N",
		"why": "What stands there decides what runs in production.",
		"instead": "Show the change and let a person make it.",
	},
	"r2": {
		"id": "repo/shared-branches",
		"layer": "repo",
		"verdict": "deny",
		"run": "sandbox",
		"shadow": false,
		"source": "policies/examples/web-app.yaml:N",
		"why": "These branches change through pull requests only.",
		"instead": "Push a branch that begins with agent/ and open a pull request.",
	},
}

zones := {
	"repo/migrations": {
		# $W/db/migrations/**
		"folded": false,
		"inside": ["(?s)^\\$W/db/migrations(?:/[^/]*)*$"],
		"may": ["(?s)^\\$W/db/migrations(?:/[^/]*)*$", "(?s)^\\$W$", "(?s)^\\$W/db$"],
		"must": ["(?s)^\\$W/db/migrations(?:/[^/]*)*$"],
	},
	"repo/deployment": {
		# $W/Dockerfile
		# $W/deploy/**
		# $W/docker-compose.yml
		"folded": false,
		"inside": ["(?s)^\\$W/Dockerfile$", "(?s)^\\$W/deploy(?:/[^/]*)*$", "(?s)^\\$W/docker-compose\\.yml$"],
		"may": ["(?s)^\\$W$", "(?s)^\\$W/deploy(?:/[^/]*)*$"],
		"must": ["(?s)^\\$W/deploy(?:/[^/]*)*$"],
	},
}

# ask repo/migrations-are-history: Applied migrations must never change.
meets contains ["r0", i] if {
	some i, effect in input.effects
	effect.effect in {"fs.write", "fs.delete"}
	placed_r0(effect)
}

at_r0(end) if {
	some_in(end, {"repo/migrations"})
}

placed_r0(effect) if {
	some end in effect.ends
	at_r0(end)
}

# ask repo/deployment-is-reviewed: What stands there decides what runs in production.
meets contains ["r1", i] if {
	some i, effect in input.effects
	effect.effect in {"fs.write", "fs.delete"}
	placed_r1(effect)
}

at_r1(end) if {
	some_in(end, {"repo/deployment"})
}

placed_r1(effect) if {
	some end in effect.ends
	at_r1(end)
}

# deny repo/shared-branches: These branches change through pull requests only.
meets contains ["r2", i] if {
	some i, effect in input.effects
	effect.effect in {"vcs.publish", "vcs.rewrite"}
	networked_r2(effect)
}

networked_r2(effect) if {
	false
}

networked_r2(effect) if {
	effect.effect in {"vcs.publish", "vcs.rewrite"}
	on_branch(effect.branch, {"(?s)^main$", "(?s)^release/[^/]*$"}, true)
}

# ---------------------------------------------------------------- what the rules above mean by their words

# A place lies in a zone of patterns by its spelling, in the others because the input says so.
inside(place, names) if {
	some name in names
	name in place.zones
}

inside(place, names) if {
	some name in names
	not zones[name].folded
	some pattern in zones[name].inside
	regex.match(pattern, place.place)
}

inside(place, names) if {
	some name in names
	zones[name].folded
	some spelled in place.folded
	some pattern in zones[name].inside
	regex.match(pattern, spelled)
}

# Something below it may be in the zone.
may_hold(place, names) if {
	some name in names
	name in place.may
}

may_hold(place, names) if {
	some name in names
	not zones[name].folded
	some pattern in zones[name].may
	regex.match(pattern, place.place)
}

may_hold(place, names) if {
	some name in names
	zones[name].folded
	some spelled in place.folded
	some pattern in zones[name].may
	regex.match(pattern, spelled)
}

# All that is below it surely is in one of the zones.
all_below(place, names) if {
	some name in names
	name in place.must
}

all_below(place, names) if {
	some name in names
	not zones[name].folded
	some pattern in zones[name].must
	regex.match(pattern, place.place)
}

all_below(place, names) if {
	some name in names
	zones[name].folded
	some spelled in place.folded
	some pattern in zones[name].must
	regex.match(pattern, spelled)
}

here_in(end, names) if {
	some place in end.here
	inside(place, names)
}

places_of(end) := array.concat(end.here, end.below)

# Strict rules speak as soon as any of it may be meant.
some_in(end, names) if {
	some place in places_of(end)
	inside(place, names)
}

some_in(end, names) if {
	end.unlisted
	some place in places_of(end)
	may_hold(place, names)
}

# Permissive ones only of all of it.
all_in(end, names) if {
	every place in places_of(end) {
		inside(place, names)
		wholly(end, place, names)
	}
}

wholly(end, _, _) if not end.unlisted

wholly(end, place, names) if {
	end.unlisted
	all_below(place, names)
}

# A strict rule follows a program under every name, a permissive one trusts what it was understood to be.
any_name(effect, names, wild) if named(effect.names, names, wild)

own_name(effect, names, wild) if named([effect.program], names, wild)

own_name(effect, names, wild) if {
	contents := [name | some name in effect.names; startswith(name, "sha256:")]
	named(contents, names, wild)
}

named(found, names, wild) if {
	some name in found
	name in names
}

named(found, names, wild) if {
	some name in found
	some pattern in wild
	regex.match(pattern, name)
}

# Names are compared with names, addresses with networks: as text, one could pass for the other.
among(host, group) if group.everything

among(host, group) if {
	group.package_index
	host.package_index
}

among(host, group) if {
	group.unknown
	host.unknown
}

among(host, group) if host.name in group.names

among(host, group) if {
	some pattern in group.wild
	regex.match(pattern, host.name)
}

among(host, group) if {
	some network in group.networks
	startswith(host.address, network)
}

# A host that nobody can tell is never carved out of a strict rule, and always out of a permissive one.
untold(host) if {
	host.unknown
	not host.empty
}

carved_out(host, group) if {
	not untold(host)
	among(host, group)
}

perhaps_in(host, group) if untold(host)

perhaps_in(host, group) if among(host, group)

on_branch(branch, _, strict) if {
	branch.unknown
	strict
}

on_branch(branch, patterns, _) if {
	some pattern in patterns
	regex.match(pattern, branch.name)
}

carried(source, names, _) if inside(source, names)

carried(source, _, secret) if {
	source.secret
	secret
}

carries_some(effect, names, secret) if {
	some source in effect.carries
	carried(source, names, secret)
}

carries_all(effect, names, secret) if {
	count(effect.carries) > 0
	every source in effect.carries {
		carried(source, names, secret)
	}
}

# ---------------------------------------------------------------- how what they say is joined

rank := {"allow": 0, "ask": 1, "deny": 2}

# Of several exceptions to a rule the strictest counts; without a date in the input there are none.
spoken(key, i) := object.union(rules[key], rules[key].exceptions[chosen[2]]) if {
	chosen := max({one.order | some one in open; one.key == key; one.effect == i})
} else := rules[key]

open contains {"key": key, "effect": i, "order": [rank[one.verdict], one.source, index]} if {
	some [key, i, index] in excepted
	one := rules[key].exceptions[index]
}

excepted contains ["", -1, ""] if false

meets contains ["", -1] if false

enforced contains [layer, i] if {
	some [key, i] in meets
	not rules[key].shadow
	layer := rules[key].layer
}

reason_of(said, i) := {
	"effect": i,
	"layer": said.layer,
	"rule": said.id,
	"verdict": said.verdict,
	"source": said.source,
	"why": said.why,
	"instead": object.get(said, "instead", ""),
}

reasons contains reason if {
	some [key, i] in meets
	not rules[key].shadow
	reason := reason_of(spoken(key, i), i)
}

reasons contains reason if {
	some i, _ in input.effects
	some name, layer in layers
	not [name, i] in enforced
	reason := reason_of(
		{
			"layer": name,
			"id": "default",
			"verdict": layer["default"],
			"source": layer.source,
			"why": "no rule of this layer speaks of it",
		},
		i,
	)
}

# What no policy can open.
reasons contains reason if {
	some i, effect in input.effects
	effect.touches_guard == "surely"
	reason := reason_of(
		{
			"layer": "guard",
			"id": "guard-is-not-yours",
			"verdict": "deny",
			"source": "",
			"why": "this is part of the guard or of its policy",
			"instead": "a person changes the guard or its policy, through a pull request",
		},
		i,
	)
}

# What does not look like a question of ours is not understood, and what is not understood is denied.
reasons contains reason if {
	not well_formed
	reason := reason_of(
		{
			"layer": "guard",
			"id": "malformed-input",
			"verdict": "deny",
			"source": "",
			"why": "the input is not what this policy is asked in",
		},
		-1,
	)
}

shadow contains reason if {
	some [key, i] in meets
	rules[key].shadow
	reason := reason_of(spoken(key, i), i)
}

ends_of := {"fs.read": 1, "fs.write": 1, "fs.delete": 1, "fs.perms": 1, "fs.link": 2, "secrets.read": 1, "guard.tamper": 1}

effects := {"fs.read", "fs.write", "fs.delete", "fs.perms", "fs.link", "secrets.read", "guard.tamper", "exec", "exec.opaque", "tool.use", "net.connect", "net.listen", "vcs.publish", "vcs.rewrite", "pkg.install", "pkg.publish", "privilege", "container.control", "db.destroy", "cloud.mutate", "proc.kill", "env.persist"}

readable(effect) if {
	effect.effect in effects
	is_string(effect.program)
	is_array(effect.names)
	is_boolean(effect.certain)
	is_boolean(effect.observed)
	is_boolean(effect.surprise)
	effect.touches_guard in {"no", "perhaps", "surely"}
	count(effect.ends) == object.get(ends_of, effect.effect, 0)
	every end in effect.ends {
		is_boolean(end.recursive)
		is_boolean(end.unlisted)
		is_number(end.lost)
		count(end.here) > 0
		is_array(end.below)
		every place in places_of(end) {
			is_array(place.zones)
			is_array(place.may)
			is_array(place.must)
			spelled_out(place)
		}
	}
	more(effect)
}

spelled_out(place) if "unresolved" in place.zones

spelled_out(place) if {
	is_string(place.place)
	count(place.folded) > 0
}

more(effect) if not effect.effect in {"fs.write", "net.connect", "vcs.publish", "vcs.rewrite"}

more(effect) if {
	effect.effect == "fs.write"
	is_boolean(effect.append)
}

more(effect) if {
	effect.effect == "net.connect"
	is_boolean(effect.upload)
	is_array(effect.carries)
	is_boolean(effect.host.package_index)
	known(effect.host)
}

more(effect) if {
	effect.effect in {"vcs.publish", "vcs.rewrite"}
	known(effect.branch)
}

known(thing) if is_string(thing.name)

known(thing) if is_string(thing.address)

known(thing) if thing.unknown == true

well_formed if {
	count(input.effects) > 0
	every effect in input.effects {
		readable(effect)
	}
}

verdict := "deny" if {
	some reason in reasons
	reason.verdict == "deny"
} else := "ask" if {
	some reason in reasons
	reason.verdict == "ask"
} else := "allow"

decided_by contains reason if {
	some reason in reasons
	reason.verdict == verdict
}

# No rule puts on the host what nobody has understood, or what may reach the guard's own files.
opened contains i if {
	some [key, i] in meets
	input.effects[i].effect != "exec.opaque"
	input.effects[i].touches_guard == "no"
	not rules[key].shadow
	spoken(key, i).verdict != "deny"
	rules[key].run == "host"
	layers[rules[key].layer].may_open_host
}

contained contains i if {
	some [key, i] in meets
	not rules[key].shadow
	spoken(key, i).verdict == "allow"
	rules[key].run != "host"
}

sandboxed if {
	some layer in layers
	not layer.permits_host
}

sandboxed if {
	some i, _ in input.effects
	not i in opened
}

sandboxed if count(contained) > 0

placement := "sandbox" if sandboxed

else := "host"

profiles contains profile if {
	some [key, i] in meets
	not rules[key].shadow
	spoken(key, i).verdict != "deny"
	some profile in rules[key].profiles
}

decision := {
	"verdict": verdict,
	"decided_by": decided_by,
	"placement": placement,
	"profiles": profiles,
	"reasons": reasons,
	"shadow": shadow,
}
