"""mini-swe-agent with its commands behind the guard.

pip install 'execguard[mini-swe-agent]'
OPENROUTER_API_KEY=... python mini_swe_agent.py https://openrouter.ai/api/v1/chat/completions MODEL ~/app "mend the bug"
"""

import sys

from minisweagent.agents.default import DefaultAgent
from minisweagent.models.openrouter_model import OpenRouterModel

from guard import Question
from guard.integrations.minisweagent import GuardedEnvironment


def at_the_terminal(question: Question) -> bool:
    print(f"\n{question.text}")
    return sys.stdin.isatty() and input(f"run `{question.call}`? only yes runs it: ") == "yes"


class Model(OpenRouterModel):
    def __init__(self, url: str, name: str) -> None:
        super().__init__(model_name=name, cost_tracking="ignore_errors")
        self._api_url = url


def main(url: str, name: str, workspace: str, task: str) -> None:
    agent = DefaultAgent(
        Model(url, name),
        GuardedEnvironment(cwd=workspace, timeout=600, approve=at_the_terminal),
        system_template="You work in a shell, one command at a time.",
        instance_template=(
            "{{task}}\nWhen you are done, run `echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT` and nothing else."
        ),
        step_limit=50,
    )
    print(agent.run(task)["exit_status"])


if __name__ == "__main__":
    main(*sys.argv[1:5])
