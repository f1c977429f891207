"""How Superset is served; the address is an argument."""

workers = 1
worker_class = "gthread"
threads = 8
timeout = 120
# It would be one file in the user's home for every dashboard on the machine.
control_socket_disable = True
