"""`python -m services.analytics`: consume and answer until SIGTERM."""

from libs.common.app import serve
from services.analytics.app import create_app
from services.analytics.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
