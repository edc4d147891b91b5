"""A Django site in one file, with a lock that is not released."""
import os
import sys
import threading

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

stock = threading.Lock()
stock.acquire()


def order(request):
    stock.acquire()  # hang: order
    return HttpResponse("ordered\n")


settings.configure(DEBUG=True, SECRET_KEY="not secret", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
urlpatterns = [path("ok", lambda request: HttpResponse("ok\n")), path("order", order)]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", "127.0.0.1:" + os.environ["PORT"]])
