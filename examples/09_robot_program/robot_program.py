"""A robot's own program: it greets, asks, looks at what it speaks of, makes gestures, and goes to sleep."""

import sys

from avatar_ros.client import Avatar, NotReadyError

DOOR = (1.5, 1.7, 1.0)  # metres: to its left, up, forward
DRINKS = ["tea|green tea", "coffee", "nothing|no thanks"]


def tour(avatar: Avatar) -> None:
    """All of it, in the order in which it happens."""
    avatar.wake()
    avatar.gesture("wake", wait=False)
    print("greets:", avatar.say("Welcome aboard. [nod] It is good to see you.", expression="happy").spoken)

    avatar.look_at(*DOOR)  # goes on while it speaks
    print("looks:", avatar.say("The door is over there.").spoken)

    answer = avatar.ask("May I bring you some tea, or some coffee?", DRINKS, timeout_s=3.0)
    if answer.understood:
        avatar.gesture("agree", wait=False)
        drink = DRINKS[answer.choice].partition("|")[0]
        print(f"asked {answer.asked} time(s):", drink)
        avatar.say(f"Then it is {drink}.")
    else:
        avatar.gesture("shrug", wait=False)
        print(f"asked {answer.asked} time(s):", answer.reason)
        avatar.say("I shall ask you again later.")

    words = "I will tell you a story. " + "Once there was a robot, who never came to an end. " * 9
    story = avatar.say(words, wait=False)
    avatar.gesture("look_around")
    story.cancel()  # silent within a fifth of a second
    print("the story:", story.result().reason)

    avatar.say("I am tired. [yawn] Good night.")
    avatar.sleep()
    print("asleep:", avatar.say("Hello?").reason)


def main() -> int:
    """Find the kiosk and show it round; 1 where there is none."""
    namespace = sys.argv[1] if len(sys.argv) > 1 else "avatar"
    with Avatar(namespace) as avatar:
        try:
            avatar.wait_until_ready(120.0)
        except NotReadyError as error:
            print(error)
            return 1
        tour(avatar)
    return 0


if __name__ == "__main__":
    sys.exit(main())
