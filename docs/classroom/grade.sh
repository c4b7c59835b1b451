#!/usr/bin/env bash
# Grades what students have pushed, and sends each verdict into their repository, where verdict.yml shows it.
# grade.yml runs it in the course's folder, with a token for the students' repositories in GH_TOKEN:
#
#     grade.sh look ORGANIZATION ASSIGNMENT... > pending     # who has pushed since; all where AGAIN=true
#     grade.sh grade ORGANIZATION < pending                  # notebooks and verdicts are left in classroom/
#
# The exit status is 1 where something could not be looked at, graded or posted by no fault of a student's.
set -uo pipefail
kept=classroom
context=proctor
# A push without a status is graded, and posted, anew.
again="see that CLASSROOM_TOKEN may write contents and statuses there, then the next run posts it"
# What GitHub takes along with an event is 64 K of JSON at most, in which some characters take six.
most=60000
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
failed=0

is_graded() {  # REPOSITORY COMMIT
    gh api "repos/$1/commits/$2/statuses" --jq '.[].context' | grep -qx "$context"
}

look() {  # ORGANIZATION ASSIGNMENT: a line for each submission to be graded: assignment, login, commit
    local names name answer
    names=$(gh api --paginate "orgs/$1/repos?per_page=100" \
        --jq '.[] | select(.is_template or .archived | not) | .name') || return 1
    for name in $(grep "^$2-" <<< "$names"); do
        if answer=$(gh api "repos/$1/$name/commits/HEAD" --jq .sha 2>&1); then
            [ "${AGAIN:-}" != true ] && is_graded "$1/$name" "$answer" && continue
            echo "$2 ${name#"$2-"} $answer"
        elif ! grep -q 409 <<< "$answer"; then   # of an empty repository
            echo "$name: $answer" >&2
            failed=1
        fi
    done
}

fetch_and_grade() {  # REPOSITORY COMMIT ASSIGNMENT FOLDER WORDS
    # The file alone is fetched: nothing in a stranger's repository has a say in how.
    if gh api "repos/$1/contents/$3.ipynb?ref=$2" \
        -H "Accept: application/vnd.github.raw+json" > "$4/$3.ipynb" 2> "$5.log"; then
        env -u GH_TOKEN proctor grade "$4/$3.ipynb" --assignment "$3" --json "$5.json" --summary "$5.md" \
            > "$5.log" 2>&1 < /dev/null
    elif grep -q 404 "$5.log"; then
        rm -r "$4"
        printf '## %s, `%s.ipynb`: not graded\n\nThere is no `%s.ipynb` at the top of the repository.\n' "$3" "$3" "$3" \
            > "$5.md"
    fi
    [ -s "$5.md" ]
}

shorten() {  # FILE FILE: into the second one, as much of the first as can be sent
    local size=$most
    head -c "$size" "$1" > "$2"
    while [ "$(LC_ALL=C sed 's/[<>&]/123456/g; s/["\\]/12/g; s/$/12/' "$2" | wc -c)" -gt "$most" ]; do
        size=$((size * 3 / 4))
        head -c "$size" "$1" > "$2"
    done
}

tell() {  # ASSIGNMENT LOGIN WORDS: what went wrong, in the log and in the summary
    echo "$1-$2: $3" >&2
    echo "| $1 | $2 | $3 |" >> "$summary"
}

grade() {  # ORGANIZATION ASSIGNMENT LOGIN COMMIT
    local repository=$1/$2-$3 folder=$kept/submitted/$3/$2 words=$kept/verdicts/$2-$3 state=error points
    mkdir -p "$folder" "$kept/verdicts"
    rm -f "$words".*
    if ! fetch_and_grade "$repository" "$4" "$2" "$folder" "$words"; then
        tail -n 1 "$words.log" >&2
        tell "$2" "$3" "could not be graded: see the log"
        return 1
    fi
    [ -s "$words.json" ] && state=success
    points=$(head -n 1 "$words.md")
    points=${points##*: }
    shorten "$words.md" "$words.sent"
    if ! gh api -X POST "repos/$repository/dispatches" -f event_type=verdict \
        -F "client_payload[summary]=@$words.sent" > /dev/null < /dev/null; then
        tell "$2" "$3" "$points; the verdict could not be posted (log): $again; it is in $words.md"
        return 1
    fi
    if ! gh api -X POST "repos/$repository/statuses/$4" -f state="$state" -f context="$context" \
        -f description="$points" > /dev/null < /dev/null; then
        tell "$2" "$3" "$points; the verdict was posted, but not the status (log): $again"
        return 1
    fi
    echo "| $2 | $3 | $points |" >> "$summary"
}

command=$1 organization=$2
shift 2
case $command in
look)
    for assignment in "$@"; do
        look "$organization" "$assignment" || failed=1
    done
    ;;
grade)
    printf '| assignment | student | |\n| --- | --- | --- |\n' >> "$summary"
    while read -r assignment login commit; do
        grade "$organization" "$assignment" "$login" "$commit" || failed=1
    done
    ;;
esac
exit "$failed"
