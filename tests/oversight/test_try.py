import pytest
from tests.factories import *
from teams import actions
from django.urls import reverse
pytestmark = pytest.mark.django_db
def test_pages(client):
    a = BusinessAccountFactory(); m=MembershipFactory(account=a); anna=MembershipFactory(account=a,holding="administrator",unconfirmed=True); AssetFactory(account=a)
    actions.suspend(membership=m,by=a.owner); actions.restore(membership=m,by=a.owner)
    actions.change_role(membership=m,role=Role.objects.built_in("analyst"),by=a.owner)
    InvitationFactory(account=a, address=m.person.email)
    for who in (a.owner, anna.person, m.person):
        client.force_login(who)
        for u in ("/dashboard/","/activity/",f"/accounts/{a.slug}/",f"/accounts/{a.slug}/activity/",f"/accounts/{a.slug}/activity/2/",f"/accounts/{a.slug}/activity/export/"):
            r=client.get(u); print(who,u,r.status_code,len(r.content))
    client.force_login(a.owner)
    r=client.post(f"/accounts/{a.slug}/activity/export/"); print(b"".join(r.streaming_content).decode()[:1500])
