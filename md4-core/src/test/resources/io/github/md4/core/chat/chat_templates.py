# SPDX-License-Identifier: Apache-2.0
"""Writes templates.json: what Jinja itself, set as transformers sets it, writes for our templates.

    python3 chat_templates.py > templates.json

needs jinja2 (3.1). The templates are our own, in the forms that LLaDA, Dream, Qwen3 and others use.
"""
import json

import jinja2
from jinja2.ext import Extension, loopcontrols
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

HEADERS = """{% set turns = messages %}{% for turn in turns %}{% set text = '<|start_header_id|>' + turn['role'] + '<|end_header_id|>\n\n' + turn['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

MARKS = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nAnswer in few words.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- message.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

THOUGHTS = """{%- set seen = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set place = (messages|length - 1) - loop.index0 %}
    {%- if seen.searching and message.role == "user" and message.content is string and not(message.content.startswith('<result>') and message.content.endswith('</result>')) %}
        {%- set seen.searching = false %}
        {%- set seen.last = place %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set thoughts = '' %}
        {%- if message.thoughts is defined and message.thoughts is not none %}
            {%- set thoughts = message.thoughts %}
        {%- elif '</think>' in content %}
            {%- set thoughts = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > seen.last and (loop.last or (not loop.last and thoughts)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thoughts.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if thinking is defined and thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

STRICT = """{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set first = messages[0]['content'] %}{% else %}{% set turns = messages %}{% set first = false %}{% endif %}
{% for turn in turns %}
{% if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('turns must alternate') }}
{% endif %}
{% if loop.index0 == 0 and first != false %}
{% set content = '<<SYS>>' ~ first ~ '<</SYS>> ' ~ turn['content'] %}
{% else %}
{% set content = turn['content'] %}
{% endif %}
{% if turn['role'] == 'user' %}
{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{% elif turn['role'] == 'assistant' %}
{{ ' ' + content.strip() + ' ' + eos_token }}
{% endif %}
{% endfor %}
"""

SPACES = """  {# a comment #}
a {# another -#}   b
  {% if true %}
c
  {% endif %}
 d {%- if true -%}  e  {%- endif +%}
f
   {%+ if true %} g {% endif %}

{{ 'h' }}
   {{- 'i' -}}
   j
\t{% set x %}
 text of {{ 'k' }}
{% endset %}
[{{ x }}]
{% generation %}l{% endgeneration %}
{% for n in range(3) %}
  {{ n }}{% if not loop.last %},{% endif %}

{% else %}
never
{% endfor %}
{% for n in [] %}never{% else %}empty{% endfor %}

"""

VALUES = [
    "1 + 2 * 3", "7 // 2", "-7 // 2", "-7 % 3", "7 % 3", "6 / 3", "2 - 3 - 4", "-3 + 1", "'a' ~ 1 ~ none ~ true",
    "'a' 'b'", "\"it's\"", "'\\t|\\\\|\\u00e9|\\x41'", "1 < 2 < 3", "3 > 2 > 2", "not 1 == 2", "not (1 == 2)",
    "'x' in 'xyz'", "'q' not in 'xyz'", "2 in [1, 2]", "'role' in messages[0]", "1 if false", "1 if 0 else 2",
    "1 if true else 2 if true else 3", "'' or 'b'", "'a' and 'b'", "none or 'x'", "missing", "(missing.x is defined) if false else 'no'", "missing.x",
    "messages[0].missing", "messages[0].missing is defined", "messages[0]['role'] is defined", "missing is undefined",
    "messages|length", "'abc'[0]", "'abc'[-1]", "'abcdef'[1:4]", "'abcdef'[::-1]", "'abcdef'[:-2]", "'abcdef'[4:1:-1]", "'abc'[5:]",
    "'  a b '|trim", "' a '.strip() ~ '|'", "'xxaxx'.strip('x')", "'xxaxx'.lstrip('x')", "'xxaxx'.rstrip('x')",
    "'a,b,,c'.split(',')|join('-')", "' a  b '.split()|join('-')", "'A'|lower", "'a'.upper()", "'aba'|replace('a', 'c')", "'aba'.replace('b', '')",
    "[1, 2, 3]|first", "[1, 2, 3]|last", "[1, 2, 3]|join", "'abc'|list|join(' ')", "'abc'|reverse", "[3, 1]|reverse|join(',')",
    "missing|default('d')", "''|default('d')", "''|default('d', true)", "''|d('e', boolean=true)", "none|default('d')",
    "messages[0]|tojson", "['\\u00e9', 1, 1.5, true, none, '<a>&\"']|tojson", "messages[0].items()|list|length",
    "messages[0].get('role')", "messages[0].get('nothing')", "messages[0].get('nothing', 'x')", "messages[0].keys()|join(',')",
    "3 is odd", "3 is even", "3 is number", "'3' is string", "[] is iterable", "{}".replace("{}", "messages[0] is mapping"),
    "3 is eq 3", "3 is equalto(4)", "3 is not none", "true is true", "1 is true", "messages is sequence", "1 is in [1, 2]",
    "'a' if messages and messages[0].role == 'user' else 'b'", "('a', 'b')|last", "'b' in ('a', 'b')", "1 == 1.0", "'1' == 1",
    "0.5 + 1", "1.0", "2.5 * 2", "'%'", "'a}}b'", "5 %2", "'x' * 1 if false else 'y'",
    "[[1, 2], [3, 4]][1][0]", "range(2, 5)|join(',')", "(messages|length - 1) - 0", "'a' < 'b'", "-1|string", "not missing", "-messages|length",
]

USER, SYSTEM, ASSISTANT = "user", "system", "assistant"
TURNS = {
    "one": [(USER, " What is a mask? ")],
    "system": [(SYSTEM, "Be brief."), (USER, "Hello"), (ASSISTANT, "Hi\n"), (USER, "Why?")],
    "thoughts": [(USER, "2 + 2"), (ASSISTANT, "<think>\neasy\n</think>\n\n4"), (USER, "<result>5</result>"), (ASSISTANT, "<think>\nno\n</think>\n\nfour")],
    "twice": [(USER, "Hello"), (USER, "Hello")],
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_as_is"), [], [], body).set_lineno(line)

    def _as_is(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation])
    made.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    made.globals["raise_exception"] = raise_exception
    return made


def written(template, turns, next_turn):
    data = dict(TOKENS, messages=[{"role": role, "content": content} for role, content in turns],
                add_generation_prompt=next_turn, tools=None, documents=None)
    try:
        return environment().from_string(template).render(**data)
    except (TypeError, jinja2.exceptions.UndefinedError):  # transformers fail there, in other words
        return {"refused": ""}
    except jinja2.exceptions.TemplateError as e:
        return {"refused": str(e)}


def main():
    cases = []
    for name, template in [("headers", HEADERS), ("marks", MARKS), ("thoughts", THOUGHTS), ("strict", STRICT), ("spaces", SPACES)]:
        for turns in TURNS.values():
            cases.append({"name": name, "template": template, "messages": turns,
                          "prompt": written(template, turns, True), "transcript": written(template, turns, False)})
    for value in VALUES:
        template = "{{ " + value + " }}"
        turns = TURNS["one"]
        cases.append({"name": value, "template": template, "messages": turns,
                      "prompt": written(template, turns, True), "transcript": written(template, turns, False)})
    print(json.dumps({"jinja": jinja2.__version__, "tokens": TOKENS, "cases": cases}, indent=1, ensure_ascii=False))


main()
