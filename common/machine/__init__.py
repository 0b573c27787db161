"""What a project runs on: files, processes, git, tmux, supervisord, file events, clocks."""
