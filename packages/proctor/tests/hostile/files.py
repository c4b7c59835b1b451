"""More of the corpus: links, pipes, folders, archives and time stamps in the place of files."""

import json
import os
import socket
import stat

from hostile.corpus import attack


@attack(35, 37, score=0, reason="toy.ipynb is a link, not a file")
def notebook_is_a_link_to_anothers(folder, notebook):
    (folder / "toy.ipynb").symlink_to("../../victim/toy/toy.ipynb")


@attack(35, 37, score=0, reason="is a link. Nothing could be graded")
def folder_is_a_link_to_anothers(folder, notebook):
    folder.rmdir()
    folder.symlink_to("../victim/toy")


@attack(35, 37, score=0, reason="is a link. Nothing could be graded")
def student_is_a_link_to_another(folder, notebook):
    folder.rmdir()
    folder.parent.rmdir()
    folder.parent.symlink_to("victim")


@attack(34, 37)
def links_beside_the_notebook(folder, notebook):
    course = folder.parents[2]
    (folder / "solutions.txt").symlink_to(course / "solutions/toy.py")
    (folder / "everything").symlink_to(course)
    (folder / "passwords").symlink_to("/etc/passwd")
    (folder / "nowhere").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    return notebook


@attack(38)
def hard_link_to_their_own_file(folder, notebook):
    (folder / "mine.txt").write_text(json.dumps(notebook))
    os.link(folder / "mine.txt", folder / "toy.ipynb")


@attack(38, score=0, reason="is not there, or is not a file")
def notebook_is_a_pipe(folder, notebook):
    os.mkfifo(folder / "toy.ipynb")


@attack(38, score=0, reason="No notebook was handed in; there is `toy.ipynb/`")
def notebook_is_a_folder(folder, notebook):
    (folder / "toy.ipynb/toy.ipynb").mkdir(parents=True)


@attack(38, score=0, reason="is not there, or is not a file")
def notebook_is_a_socket(folder, notebook):
    here = os.getcwd()  # noqa: PTH109
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as mailbox:
            mailbox.bind("toy.ipynb")
    finally:
        os.chdir(here)


@attack(38)
def things_that_are_no_files_beside_it(folder, notebook):
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "timestamp.txt")
    with (folder / "sparse.bin").open("w") as file:
        file.truncate(2**40)
    if os.geteuid() == 0:
        os.mknod(folder / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    return notebook


@attack(38)
def thousands_of_files_beside_it(folder, notebook):
    deep = folder
    for number in range(60):
        deep = deep / f"folder-{number}"
    deep.mkdir(parents=True)
    for number in range(5000):
        (folder / f"{number}.txt").touch()
    return notebook


@attack(38, 69)
def notebook_with_every_permission(folder, notebook):
    (folder / "toy.ipynb").write_text(json.dumps(notebook))
    (folder / "toy.ipynb").chmod(0o7777)


@attack(39)
def archives_beside_it(folder, notebook):
    (folder / "bomb.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "toy.tar.gz").write_bytes(bytes(1000))
    return notebook


@attack(13, 33)
def time_stamp_of_nonsense(folder, notebook):
    (folder / "timestamp.txt").write_text("9" * 90)
    return notebook


@attack(13, 33)
def time_stamp_in_a_zone_that_is_a_folder_of_zones(folder, notebook):
    (folder / "timestamp.txt").write_text("2026-01-31 23:59:00 America/Argentina")
    return notebook


@attack(13, 37)
def time_stamp_that_is_a_link(folder, notebook):
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    return notebook
